import Benchmark

/// What is done to every byte or block, each thing alone. The package's entry point looks for this name.
let benchmarks: @Sendable () -> Void = {
    registerMD5Benchmarks()
    registerMultipartBenchmarks()
    registerRangeSetBenchmarks()
}
