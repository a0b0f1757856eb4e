import Benchmark
import Foundation

extension BenchmarkMetric {
    // What has thresholds: clock cycles, as far as they can be had everywhere. What the package measures by itself holds
    // on one machine only. Times and throughput are those of its clock, and of a moment in which it did nothing else.
    // Instructions are those of one instruction set and compiler, and many virtual machines don't count them.
    fileprivate static let cyclesPerKiB = custom("cycles/KiB", polarity: .prefersSmaller, useScalingFactor: false)
    fileprivate static let cyclesPerCall = custom("cycles/call", polarity: .prefersSmaller, useScalingFactor: false)

    // For the reader.
    fileprivate static let throughputInMB = custom("MB/s", polarity: .prefersLarger, useScalingFactor: false)
    fileprivate static let nanosecondsPerCall = custom("ns/call", polarity: .prefersSmaller, useScalingFactor: false)
}

/// Registers a benchmark. It has to have a threshold, in `Thresholds/Micro.NAME.p90.json`.
///
/// - Parameter prepare: Makes what is run, before anything is measured.
func register(_ name: String, _ prepare: @escaping () throws -> Subject) {
    let metrics: [BenchmarkMetric] = [.cyclesPerKiB, .cyclesPerCall, .throughputInMB, .nanosecondsPerCall]
    // Twice the threshold is too much: other processors do more or less in a cycle, and others on the same core take some
    // of it. With fewer percent, what takes that much less would fail, too.
    let tolerance = BenchmarkThresholds(relative: [.p90: 100])
    let configuration = Benchmark.Configuration(
        metrics: metrics,
        units: Dictionary(uniqueKeysWithValues: metrics.map { ($0, .count) }),
        // Ends by the number of iterations, on a slow machine too: the 90th percentile is to be one of 20.
        maxDuration: .seconds(300),
        maxIterations: 20,
        thresholds: [.cyclesPerKiB: tolerance, .cyclesPerCall: tolerance]
    )
    Benchmark(name, configuration: configuration) { benchmark, subject in
        try measure(subject, for: benchmark)
    } setup: {
        try prepare()
    }
}

/// In turns with the clock, each held against the clock's time beside it, so that what slows both down makes no
/// difference; and the median of them, so that neither does what hits one of the two.
private func measure(_ subject: Subject, for benchmark: Benchmark) throws {
    let steps = 500_000
    let turns = try (0..<9).map { _ in
        let clock = processorTime { blackHole(chains(identity(steps))) }
        let own = try processorTime(subject.run)
        return (cycles: own / clock * Double(2 * steps), nanoseconds: own)
    }
    let cycles = median(turns.map(\.cycles))
    let nanoseconds = median(turns.map(\.nanoseconds))
    switch subject.amount {
    case .bytes(let count):
        benchmark.measurement(.cyclesPerKiB, Int(cycles / Double(count) * 1024))
        benchmark.measurement(.throughputInMB, Int(Double(count) / nanoseconds * 1000))
    case .calls(let count):
        benchmark.measurement(.cyclesPerCall, Int(cycles / Double(count)))
        benchmark.measurement(.nanosecondsPerCall, Int(nanoseconds / Double(count)))
    }
}

/// The clock that cycles are read from: two a step, on any processor that does three additions at once, as each of a
/// step's two operations needs the outcome of the one before.
///
/// One chain would do for that. But it leaves most of the core to others that run on it (hyperthreading), and so is not
/// slowed down by them as the code under test is.
@inline(never)
private func chains(_ steps: Int) -> Int {
    var (a, b, c) = (steps, steps &+ 1, steps &+ 2)
    for _ in 0..<steps {
        a = (a &+ 23) ^ 45
        b = (b &+ 23) ^ 45
        c = (c &+ 23) ^ 45
    }
    return a ^ b ^ c
}

/// Nanoseconds of the calling thread, at least one: the time in which others have the processor does not count.
private func processorTime(_ work: () throws -> Void) rethrows -> Double {
    let start = processorNow()
    try work()
    return Double(max(1, processorNow() - start))
}

private func processorNow() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
}

private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
