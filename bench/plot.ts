import { isMissed, type Row } from './row.ts';

const WIDTH = 960;
const LABEL_WIDTH = 470;
const ROW_HEIGHT = 26;
const TOP = 40;
/** The ratio at the right edge; a bar that is longer is cut there, and says its number. */
const MOST = 1.5;

/**
 * Draws a bar a row: the ratio to what it is compared with, and a mark at the target.
 *
 * @returns an SVG document that reads on a light and on a dark page
 */
export function plot(rows: readonly Row[]): string {
  const height = TOP + rows.length * ROW_HEIGHT + 10;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="10" y="20" font-weight="bold">Ratio to what each row is compared with; less is better</text>`,
    ...[0, 0.5, 1, 1.5].map(gridLine(height)),
    ...rows.map(bar),
    '</svg>',
    '',
  ].join('\n');
}

function gridLine(height: number): (ratio: number) => string {
  return (ratio) =>
    `<path d="M${x(ratio)} ${TOP - 8}V${height - 10}" stroke="#ccc"/><text x="${x(ratio)}" y="${TOP - 12}" text-anchor="middle" fill="#555">${ratio}</text>`;
}

function bar(row: Row, index: number): string {
  const { what, referenceName, ratio, limit } = row;
  const y = TOP + index * ROW_HEIGHT;
  const color = limit === undefined ? '#8aa4c0' : isMissed(row) ? '#c0392b' : '#2e8b57';
  const end = x(Math.min(Math.max(ratio, 0), MOST));
  const target =
    limit === undefined || limit > MOST
      ? ''
      : `<path d="M${x(limit)} ${y - 2}v20" stroke="#000" stroke-width="2"/>`;
  return [
    `<text x="${LABEL_WIDTH - 8}" y="${y + 12}" text-anchor="end">${escaped(`${what} / ${referenceName}`)}</text>`,
    `<rect x="${LABEL_WIDTH}" y="${y}" width="${end - LABEL_WIDTH}" height="16" fill="${color}"/>`,
    target,
    `<text x="${end + 6}" y="${y + 12}">${ratio.toFixed(2)}</text>`,
  ].join('');
}

function x(ratio: number): number {
  return LABEL_WIDTH + (ratio / MOST) * (WIDTH - LABEL_WIDTH - 50);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
