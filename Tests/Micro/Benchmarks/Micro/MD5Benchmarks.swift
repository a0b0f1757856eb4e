import Benchmark
import Foundation

@testable import MD5Lanes

/// The bytes of each job.
private let size = 256 << 10

/// MD5 of streams side by side with the kernels that are chosen at run time, and with those that are chosen elsewhere.
func registerMD5Benchmarks() {
    register("md5-portable") { lanes(1, using: .portable) }
    register("md5-pieces", pieces)
    #if arch(x86_64) || arch(arm64)
        for jobs in [1, 2] {
            register("md5-jobs-\(jobs)") { lanes(jobs, using: nil) }
        }
        for jobs in [4, 8, 16] {
            if hasAVX2 {
                register("md5-jobs-\(jobs)-vectors-256") {
                    guard Kernel.best(forJobs: jobs).isAVX2 else { throw WrongOutcome() }
                    return lanes(jobs, using: nil)
                }
            }
            register("md5-jobs-\(jobs)-vectors-128") { lanes(jobs, using: hasAVX2 ? .eight : nil) }
        }
    #endif
}

/// By what the system says of the processor. By what the code under test finds, a benchmark would go missing without a
/// word when it no longer finds it.
private let hasAVX2: Bool = {
    let processor = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
    return processor?.contains(/\bavx2\b/) ?? false
}()

extension Kernel {
    fileprivate var isAVX2: Bool { self == .avx2Eight || self == .avx2Sixteen }
}

/// Jobs with bytes of their own.
private func lanes(_ count: Int, using kernel: Kernel?) -> Subject {
    let bytes = SeededGenerator.bytes(count * size)
    return Subject(amount: .bytes(bytes.count)) {
        try bytes.withUnsafeBytes { bytes in
            var jobs = (0..<count).map { job in
                MultiBufferMD5.Job(
                    RunningMD5(), [UnsafeRawBufferPointer(rebasing: bytes[job * size..<(job + 1) * size])])
            }
            MultiBufferMD5.update(&jobs, using: kernel)
            for job in jobs { try expect(job.hash, took: size) }
        }
    }
}

/// One stream in pieces that are no whole chunks.
private func pieces() -> Subject {
    let bytes = SeededGenerator.bytes(size)
    return Subject(amount: .bytes(size)) {
        try bytes.withUnsafeBytes { bytes in
            var hash = RunningMD5()
            for start in stride(from: 0, to: bytes.count, by: 1400) {
                hash.update(UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + 1400, bytes.count)]))
            }
            try expect(hash, took: size)
        }
    }
}

private func expect(_ hash: RunningMD5, took count: Int) throws {
    blackHole(hash)
    guard hash.count == count else { throw WrongOutcome() }
}
