import CoreMetrics
import Synchronization

/// All metrics of the process, as `Metrics` of swift-metrics make them, to be read in Prometheus' text format.
///
/// Names come as Prometheus wants them (`fupload_requests_total`), dimensions become labels. Counters become counters,
/// meters and recorders that don't aggregate gauges, timers (in seconds) and the other recorders histograms. Values are
/// kept in memory alone and begin at zero with each start, as Prometheus expects of counters.
/// Source: https://prometheus.io/docs/instrumenting/exposition_formats/
public final class PrometheusRegistry: MetricsFactory {
    /// The most different sets of labels of one name. What comes beyond is counted under labels that say `other`: labels
    /// that strangers choose must not fill the memory.
    public static let seriesLimit = 200

    private let descriptions: [String: MetricDescription]
    private let families = Mutex<[String: Family]>([:])

    /// - Parameter descriptions: what the names mean; others are shown without help and with buckets for seconds.
    public init(_ descriptions: [MetricDescription]) {
        self.descriptions = Dictionary(descriptions.map { ($0.name, $0) }) { first, _ in first }
    }

    /// The page that Prometheus scrapes: families by name, series by labels.
    public func exposition() -> String {
        let families = self.families.withLock { $0.values.sorted { $0.description.name < $1.description.name } }
        var page = Exposition()
        for family in families { family.write(to: &page) }
        return page.text
    }

    /// What was measured under a name and a set of labels since the start; nothing where nothing was.
    public func total(_ name: String, _ dimensions: [(String, String)] = []) -> MetricTotal {
        families.withLock { $0[name] }?.total(Labels(dimensions)) ?? MetricTotal(count: 0, sum: 0)
    }

    private func series(_ name: String, _ dimensions: [(String, String)], _ kind: MetricKind) -> any Series {
        let family = families.withLock { families in
            if let family = families[name] { return family }
            let family = Family(
                descriptions[name] ?? MetricDescription(name, help: "", buckets: MetricDescription.seconds), kind: kind,
                limit: Self.seriesLimit)
            families[name] = family
            return family
        }
        return family.series(Labels(dimensions), kind: kind)
    }

    // MARK: MetricsFactory

    /// A counter; its changes below zero are left out.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        SeriesCounter(series(label, dimensions, .counter))
    }

    /// A counter of fractions.
    public func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        SeriesCounter(series(label, dimensions, .counter))
    }

    /// A gauge.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        SeriesGauge(series(label, dimensions, .gauge))
    }

    /// A histogram, or where it does not aggregate a gauge.
    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        SeriesGauge(series(label, dimensions, aggregate ? .histogram : .gauge))
    }

    /// A histogram of seconds.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        SeriesTimer(series(label, dimensions, .histogram))
    }

    /// Nothing: Prometheus wants a series to stay once it was seen.
    public func destroyCounter(_ handler: any CounterHandler) {}
    /// Nothing, as ``destroyCounter(_:)``.
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    /// Nothing, as ``destroyCounter(_:)``.
    public func destroyMeter(_ handler: any MeterHandler) {}
    /// Nothing, as ``destroyCounter(_:)``.
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    /// Nothing, as ``destroyCounter(_:)``.
    public func destroyTimer(_ handler: any TimerHandler) {}
}
