import { type Sample, type Series, seriesOf } from './samples.ts';
import type { Widget } from './widgets.ts';

/** Pixels of a dashboard's column and row. */
const COLUMN = 50;
const ROW = 42;
const TOP = 34;
const COLORS = [
  ...['#1f77b4', '#ff7f0e', '#2ca02c', '#d62728', '#9467bd', '#8c564b', '#e377c2', '#7f7f7f'],
  ...['#bcbd22', '#17becf', '#aec7e8', '#ffbb78', '#98df8a', '#ff9896', '#c5b0d5'],
];

export interface Recording {
  readonly samples: readonly Sample[];
  /** Lines `error`, oldest first. */
  readonly errors: readonly Readonly<Record<string, unknown>>[];
  readonly start: number;
  readonly periodMs: number;
  readonly periods: number;
}

interface Line {
  readonly label: string;
  readonly color: string;
  readonly series: Series;
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Draws a dashboard with what was recorded. @returns an SVG document */
export function draw(title: string, widgets: readonly Widget[], recording: Recording): string {
  const height = TOP + Math.max(...widgets.map((each) => (each.y + each.height) * ROW));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${24 * COLUMN} ${height}" font-family="system-ui, sans-serif" font-size="11">`,
    `<rect width="${24 * COLUMN}" height="${height}" fill="#f2f3f3"/>`,
    text(10, 22, title, 'font-size="15" font-weight="bold"'),
    ...widgets.map((widget) => drawWidget(widget, recording)),
    '</svg>',
    '',
  ].join('\n');
}

function drawWidget(widget: Widget, recording: Recording): string {
  const box = {
    left: widget.x * COLUMN + 4,
    top: TOP + widget.y * ROW + 4,
    width: widget.width * COLUMN - 8,
    height: widget.height * ROW - 8,
  };
  const frame = `<rect x="${box.left}" y="${box.top}" width="${box.width}" height="${box.height}" fill="#fff" stroke="#d5dbdb"/>${text(box.left + 10, box.top + 18, widget.title, 'font-weight="bold"')}`;
  if (widget.isTable) return frame + drawTable(box, recording);
  const lines = widget.metrics
    .map((metric, index) => ({
      label: metric.label,
      color: COLORS[index % COLORS.length] ?? '#000',
      series: seriesOf(metric, recording.samples, recording),
    }))
    .filter(({ series }) => series.some((value) => value !== undefined));
  return frame + (lines.length === 0 ? noData(box) : drawChart(box, lines, widget, recording));
}

function noData({ left, top, width, height }: Box): string {
  return text(
    left + width / 2,
    top + height / 2,
    'no data in a local run',
    'text-anchor="middle" fill="#879596"',
  );
}

function drawChart(box: Box, lines: readonly Line[], widget: Widget, recording: Recording): string {
  const legend = drawLegend(box, lines);
  const plot = {
    left: box.left + 40,
    top: box.top + 30,
    width: box.width - 52,
    height: box.height - 48 - legend.height,
  };
  const { periods, periodMs } = recording;
  const sums = Array.from({ length: periods }, (_, index) =>
    lines.reduce((sum, { series }) => sum + (series[index] ?? 0), 0),
  );
  const most = roundUp(
    widget.isStacked
      ? Math.max(...sums)
      : Math.max(...lines.flatMap(({ series }) => series.map((value) => value ?? 0))),
  );
  const y = (value: number) => plot.top + plot.height * (1 - value / most);
  const step = plot.width / periods;
  const seconds = (periods * periodMs) / 1_000;
  return [
    ...[0, 0.5, 1].map(
      (part) =>
        `<path d="M${plot.left} ${round(y(most * part))}h${plot.width}" stroke="#eaeded"/>${text(plot.left - 5, round(y(most * part)) + 4, `${most * part}`, 'text-anchor="end" fill="#545b64"')}`,
    ),
    ...[0, 0.5, 1].map((part) =>
      text(
        plot.left + plot.width * part,
        plot.top + plot.height + 14,
        `${seconds * part} s`,
        'text-anchor="middle" fill="#545b64"',
      ),
    ),
    widget.isStacked ? drawBars(lines, plot.left, step, y) : drawLines(lines, plot.left, step, y),
    legend.svg,
  ].join('\n');
}

function drawBars(
  lines: readonly Line[],
  left: number,
  step: number,
  y: (value: number) => number,
): string {
  const below: number[] = [];
  return lines
    .flatMap(({ series, color }) =>
      series.map((value = 0, index) => {
        const base = below[index] ?? 0;
        below[index] = base + value;
        if (value === 0) return '';
        return `<rect x="${round(left + index * step + 1)}" y="${round(y(base + value))}" width="${round(step - 2)}" height="${round(y(base) - y(base + value))}" fill="${color}"/>`;
      }),
    )
    .join('');
}

function drawLines(
  lines: readonly Line[],
  left: number,
  step: number,
  y: (value: number) => number,
): string {
  return lines
    .flatMap(({ series, color }) => {
      const points = series.map((value, index) =>
        value === undefined ? '' : `${round(left + (index + 0.5) * step)},${round(y(value))}`,
      );
      // Where nothing was written there is no line: joining the points would make up numbers.
      return points
        .join(' ')
        .split(/ {2,}/)
        .map((run) => run.trim())
        .filter((run) => run !== '')
        .map((run) =>
          run.includes(' ')
            ? `<polyline points="${run}" fill="none" stroke="${color}" stroke-width="2"/>`
            : `<circle cx="${run.split(',')[0]}" cy="${run.split(',')[1]}" r="2.5" fill="${color}"/>`,
        );
    })
    .join('');
}

function drawLegend({ left, top, width, height }: Box, lines: readonly Line[]) {
  const columns = lines.length > 6 ? 3 : 2;
  const rows = Math.ceil(lines.length / columns);
  const svg = lines.map(({ label, color }, index) => {
    const x = left + 10 + (index % columns) * ((width - 10) / columns);
    const y = top + height - 8 - (rows - 1 - Math.floor(index / columns)) * 13;
    return `<rect x="${round(x)}" y="${y - 8}" width="9" height="9" fill="${color}"/>${text(round(x) + 13, y, label, 'font-size="10"')}`;
  });
  return { svg: svg.join(''), height: rows * 13 };
}

function drawTable({ left, top }: Box, { errors }: Recording): string {
  const columns = [
    { field: 'timestamp', x: 10 },
    { field: 'route', x: 170 },
    { field: 'error_type', x: 350 },
    { field: 'error', x: 610 },
    { field: 'error_id', x: 920 },
  ];
  const head = columns.map(({ field, x }) =>
    text(left + x, top + 40, field, 'font-weight="bold" fill="#545b64"'),
  );
  const rows = errors
    .slice(-10)
    .reverse()
    .map((line, row) =>
      columns
        .map(({ field, x }) =>
          text(left + x, top + 58 + row * 18, String(line[field]).slice(0, 48)),
        )
        .join(''),
    );
  return [...head, ...rows].join('\n');
}

/** The next of 1, 2, 5, 10, 20, 50, … */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return power * ([1, 2, 5, 10].find((each) => each * power >= value) ?? 10);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function text(x: number, y: number, content: string, attributes = ''): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x}" y="${y}" ${attributes}>${escaped}</text>`;
}
