/** Metrics for Prometheus, by prom-client. */
import * as prom from 'prom-client';
import { buildMetrics, type InstrumentMaker, type MetricDeclaration, type Metrics } from './metrics.ts';

/** The metrics of one server. */
export interface MetricsRegistry {
  readonly metrics: Metrics;
  /** The text that Prometheus fetches. */
  readonly scrape: () => Promise<{ readonly contentType: string; readonly body: string }>;
}

/** A plain number: prom-client would hash the labels at every count, this is one addition. */
class Cell {
  value = 0;
  inc(by = 1): void {
    this.value += by;
  }
  dec(by = 1): void {
    this.value -= by;
  }
  set(value: number): void {
    this.value = value;
  }
  observe(value: number): void {
    this.value = value;
  }
}

/** Makes the metrics of a server, with those of the process (memory, event loop, garbage collection). */
export function createMetrics(): MetricsRegistry {
  const registry = new prom.Registry();
  // Milliseconds; the default, 10, wakes a server that has nothing to do a hundred times a second
  prom.collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  const families = new Map<string, Map<string | undefined, Cell>>();

  const make: InstrumentMaker = (declaration, value) => {
    if (declaration.kind === 'histogram') return makeHistogram(registry, declaration);
    let cells = families.get(declaration.name);
    if (cells === undefined) {
      cells = new Map();
      families.set(declaration.name, cells);
      publish(registry, declaration, cells);
    }
    const cell = new Cell();
    cells.set(value, cell);
    return cell;
  };

  const metrics = buildMetrics(make);
  return {
    metrics,
    scrape: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  };
}

/** Copies the cells into prom-client when it is asked. */
function publish(
  registry: prom.Registry,
  declaration: MetricDeclaration,
  cells: ReadonlyMap<string | undefined, Cell>,
): void {
  const { kind, name, help, label } = declaration;
  const options = { name, help, labelNames: label === undefined ? [] : [label], registers: [] };
  const labelsOf = (value: string | undefined): Record<string, string> =>
    label === undefined || value === undefined ? {} : { [label]: value };
  if (kind === 'gauge') {
    const collect = function (this: prom.Gauge): void {
      for (const [value, cell] of cells) this.set(labelsOf(value), cell.value);
    };
    registry.registerMetric(new prom.Gauge({ ...options, collect }));
    return;
  }
  const collect = function (this: prom.Counter): void {
    this.reset();
    for (const [value, cell] of cells) this.inc(labelsOf(value), cell.value);
  };
  registry.registerMetric(new prom.Counter({ ...options, collect }));
}

function makeHistogram(
  registry: prom.Registry,
  { name, help, buckets = [] }: MetricDeclaration,
): ReturnType<InstrumentMaker> {
  const histogram = new prom.Histogram({ name, help, buckets: [...buckets], registers: [registry] });
  return Object.assign(new Cell(), { observe: (value: number) => histogram.observe(value) });
}
