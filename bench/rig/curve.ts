/** Something measured over time, and when what began. */
export class Curve {
  readonly points: { readonly at: number; readonly value: number }[] = [];
  readonly marks: { readonly at: number; readonly text: string }[] = [];
  readonly #begin = performance.now();
  readonly #timer: NodeJS.Timeout;
  readonly #read: () => number;

  constructor(read: () => number, everyMs = 250) {
    this.#read = read;
    this.#timer = setInterval(() => this.sample(), everyMs);
    this.sample();
  }

  sample(): number {
    const value = this.#read();
    this.points.push({ at: (performance.now() - this.#begin) / 1000, value });
    return value;
  }

  mark(text: string): void {
    this.marks.push({ at: (performance.now() - this.#begin) / 1000, text });
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

const WIDTH = 760;
const HEIGHT = 300;
const LEFT = 60;
const TOP = 24;
const BOTTOM = 40;

/** A curve of bytes as a small SVG: MiB over seconds, with the marks as numbered lines and their legend below. */
export function drawCurve({ points, marks }: Pick<Curve, 'points' | 'marks'>, title: string): string {
  const seconds = Math.max(1, points.at(-1)?.at ?? 1);
  const step = niceStep(Math.max(...points.map(({ value }) => value)) / 1_048_576 / 5);
  const top = step * Math.ceil(Math.max(...points.map(({ value }) => value)) / 1_048_576 / step);
  const x = (at: number) => (LEFT + (at / seconds) * (WIDTH - LEFT - 10)).toFixed(1);
  const y = (mib: number) => (HEIGHT - BOTTOM - (mib / top) * (HEIGHT - TOP - BOTTOM)).toFixed(1);
  const every = Math.max(1, Math.ceil(points.length / 300));
  const thin = points.filter((_, index) => index % every === 0);
  const lines: string[] = [];
  for (let mib = 0; mib <= top; mib += step) {
    lines.push(`<path d="M${LEFT} ${y(mib)}H${WIDTH - 10}" stroke="#ddd"/>`);
    lines.push(`<text x="${LEFT - 6}" y="${y(mib)}" dy="4" text-anchor="end">${mib}</text>`);
  }
  const xStep = niceStep(seconds / 6);
  for (let at = 0; at <= seconds; at += xStep) {
    lines.push(`<text x="${x(at)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${at} s</text>`);
  }
  marks.forEach(({ at, text }, index) => {
    lines.push(`<path d="M${x(at)} ${TOP}V${HEIGHT - BOTTOM}" stroke="#c33" stroke-dasharray="3 3"/>`);
    lines.push(`<text x="${x(at)}" y="${TOP - 4}" text-anchor="middle" fill="#c33">${index + 1}</text>`);
    lines.push(
      `<text x="${LEFT}" y="${HEIGHT + 8 + 16 * index}"><tspan fill="#c33">${index + 1}</tspan> ${escape(text)}</text>`,
    );
  });
  const height = HEIGHT + 16 * marks.length + 8;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">
<title>${escape(title)}</title>
<rect width="${WIDTH}" height="${height}" fill="#fff"/>
${lines.join('\n')}
<polyline fill="none" stroke="#246" stroke-width="1.5" points="${thin.map(({ at, value }) => `${x(at)},${y(value / 1_048_576)}`).join(' ')}"/>
<text x="12" y="${TOP - 8}">MiB</text>
</svg>
`;
}

function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= least) ?? 10);
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
