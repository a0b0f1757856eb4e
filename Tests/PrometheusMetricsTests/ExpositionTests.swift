import CoreMetrics
import Testing

@testable import PrometheusMetrics

/// The page that Prometheus scrapes.
@Suite struct ExpositionTests {
    private let registry = PrometheusRegistry([
        MetricDescription("blocks_total", help: "Blocks that \\ were\nstored."),
        MetricDescription("batch_changes", help: "Changes in a transaction.", buckets: [1, 4]),
    ])

    @Test func anEmptyPage() {
        #expect(registry.exposition() == "")
    }

    @Test func eachKindAsItIsWritten() {
        Counter(label: "blocks_total", dimensions: [("b", "x\"y"), ("a", "1")], factory: registry).increment(by: 3)
        Counter(label: "blocks_total", dimensions: [("a", "1"), ("b", "x\"y")], factory: registry).increment()
        Counter(label: "blocks_total", dimensions: [], factory: registry).increment(by: -1)
        FloatingPointCounter(label: "seconds_total", dimensions: [], factory: registry).increment(by: 0.25)
        let gauge = Meter(label: "free_bytes", dimensions: [], factory: registry)
        gauge.set(9_007_199_254_740_991)
        gauge.decrement(by: 1)
        for value in [1, 2, 4, 5] {
            Recorder(label: "batch_changes", dimensions: [], aggregate: true, factory: registry).record(value)
        }
        Recorder(label: "last", dimensions: [], aggregate: false, factory: registry).record(Double.infinity)
        #expect(
            registry.exposition() == """
                # HELP batch_changes Changes in a transaction.
                # TYPE batch_changes histogram
                batch_changes_bucket{le="1"} 1
                batch_changes_bucket{le="4"} 3
                batch_changes_bucket{le="+Inf"} 4
                batch_changes_sum 12
                batch_changes_count 4
                # HELP blocks_total Blocks that \\\\ were\\nstored.
                # TYPE blocks_total counter
                blocks_total 0
                blocks_total{a="1",b="x\\"y"} 4
                # TYPE free_bytes gauge
                free_bytes 9007199254740990
                # TYPE last gauge
                last +Inf
                # TYPE seconds_total counter
                seconds_total 0.25

                """)
    }

    @Test func timersAreInSeconds() {
        Timer(label: "wait_seconds", dimensions: [("disk", "tmp")], factory: registry).recordMilliseconds(20)
        let page = registry.exposition()
        #expect(page.contains("wait_seconds_bucket{disk=\"tmp\",le=\"0.01\"} 0\n"))
        #expect(page.contains("wait_seconds_bucket{disk=\"tmp\",le=\"0.025\"} 1\n"))
        #expect(page.contains("wait_seconds_sum{disk=\"tmp\"} 0.02\n"))
    }

    /// Labels that somebody else chooses don't fill the memory.
    @Test func seriesAreBounded() {
        for number in 0..<1000 {
            Counter(label: "requests_total", dimensions: [("path", "\(number)")], factory: registry).increment()
        }
        let lines = registry.exposition().split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(lines.count == PrometheusRegistry.seriesLimit + 1)
        #expect(lines.contains("requests_total{path=\"other\"} \(1000 - PrometheusRegistry.seriesLimit)"))
    }

    /// A page with one name of two kinds is refused whole.
    @Test func aNameHasOneKind() {
        Counter(label: "things_total", dimensions: [], factory: registry).increment()
        Meter(label: "things_total", dimensions: [], factory: registry).set(7)
        #expect(registry.exposition() == "# TYPE things_total counter\nthings_total 1\n")
    }

    @Test func manyThreadsAtOnce() async {
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { [registry] in
                    for number in 0..<1000 {
                        Counter(label: "n_total", dimensions: [("k", "\(number % 3)")], factory: registry).increment()
                    }
                }
            }
        }
        let sum = registry.exposition().split(separator: "\n").filter { $0.hasPrefix("n_total") }
            .compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +)
        #expect(sum == 8000)
    }
}
