/** A metric as a dashboard names it, its shorthand written out. */
export interface WidgetMetric {
  readonly namespace: string;
  readonly name: string;
  /** For example `{ FunctionName: 'true-logout-dev-me' }`. */
  readonly dimensions: Readonly<Record<string, string>>;
  /** `Sum`, `p50`, `p99`. */
  readonly stat: string;
  readonly label: string;
}

export interface Widget {
  readonly type: 'metric' | 'log';
  readonly title: string;
  /** In columns of 24, and in rows. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly isStacked: boolean;
  readonly isTable: boolean;
  readonly metrics: readonly WidgetMetric[];
}

interface Template {
  readonly Resources: Readonly<
    Record<string, { readonly Properties: Readonly<Record<string, unknown>> }>
  >;
}

type MetricRow = readonly (string | Readonly<Record<string, string>>)[];

/** A widget as CloudWatch has it: docs.aws.amazon.com, "Dashboard body structure and syntax". */
interface WidgetSource extends Pick<Widget, 'type' | 'x' | 'y' | 'width' | 'height'> {
  readonly properties: {
    readonly title: string;
    readonly stacked?: boolean;
    readonly view?: string;
    readonly metrics?: readonly MetricRow[];
    readonly stat?: string;
  };
}

/** What a resource is called: CloudFormation's `Ref` of those that a dashboard names. */
const NAMES = ['FunctionName', 'LogGroupName', 'TableName'];

/**
 * Reads the dashboard out of a packaged template, with references replaced by names.
 *
 * @throws when there is none, or it holds no JSON
 */
export function dashboardWidgets({ Resources }: Template): readonly Widget[] {
  const body = Resources.Dashboard?.Properties.DashboardBody as { 'Fn::Sub': string };
  const text = body['Fn::Sub'].replaceAll(/\$\{([\w:]+)\}/g, (_, id: string) => {
    const properties = Resources[id]?.Properties ?? {};
    const name = NAMES.map((each) => properties[each]).find((each) => typeof each === 'string');
    return String(name ?? id);
  });
  const { widgets }: { widgets: readonly WidgetSource[] } = JSON.parse(text);
  return widgets.map(({ type, x, y, width, height, properties }) => ({
    ...{ type, x, y, width, height },
    title: properties.title,
    isStacked: properties.stacked === true,
    isTable: properties.view === 'table',
    metrics: writtenOut(properties.metrics ?? [], properties.stat ?? 'Sum'),
  }));
}

/** `.` repeats the field above, `...` all fields above but for those that follow it. */
function writtenOut(rows: readonly MetricRow[], stat: string): readonly WidgetMetric[] {
  let above: readonly string[] = [];
  return rows.map((row) => {
    const given = row.filter((each) => typeof each === 'string');
    const options = row.find((each) => typeof each !== 'string') ?? {};
    above =
      given[0] === '...'
        ? [...above.slice(0, above.length - (given.length - 1)), ...given.slice(1)]
        : given.map((each, index) => (each === '.' ? (above[index] ?? '') : each));
    const [namespace = '', name = '', ...pairs] = above;
    const dimensions = Object.fromEntries(
      pairs.flatMap((key, index) => (index % 2 === 0 ? [[key, pairs[index + 1] ?? '']] : [])),
    );
    const { FunctionName, TableName } = dimensions;
    const where = [FunctionName, TableName].filter((each) => each !== undefined).join();
    return {
      ...{ namespace, name, dimensions },
      stat: options.stat ?? stat,
      label: options.label ?? (FunctionName ? where.replace(/^.*-/, '') : name),
    };
  });
}
