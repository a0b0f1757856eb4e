import Testing
import UploadTestSupport

@testable import MD5Lanes

@Suite struct MultiBufferMD5Tests {
    /// A kernel, or the choice that the program makes.
    static let choices: [Kernel?] = [nil] + Kernel.available

    @Test func thisProcessorHasVectors() {
        #if arch(x86_64) || arch(arm64)
            #expect(MultiBufferMD5.lanes >= 8)
        #endif
        #expect(MultiBufferMD5.lanes <= Kernel.mostLanes)
        for jobs in 1...2 * Kernel.mostLanes {
            let kernel = Kernel.best(forJobs: jobs)
            #expect(kernel.isAvailable)
            #expect(kernel.lanes >= min(jobs, MultiBufferMD5.lanes))
        }
    }

    /// Every kernel, with every number of jobs up to two rounds of its lanes and one, and each length up to 300 among
    /// them: at the same time very different ones, so that the lanes end one by one.
    @Test(arguments: choices)
    func hashesAllShortLengths(kernel: Kernel?) {
        let width = (kernel ?? .best(forJobs: .max)).lanes
        let lengths = (0...300).map { $0 * 37 % 301 }
        // Each job begins at another offset, so that a mix-up of two lanes shows where their lengths are the same, too.
        let bytes = SeededGenerator.bytes(300 + 2 * width + 1)
        bytes.withUnsafeBytes { bytes in
            for count in 1...2 * width + 1 {
                for start in stride(from: 0, to: lengths.count, by: count) {
                    let parts = (0..<count).map { job in
                        let length = lengths[(start + job) % lengths.count]
                        return UnsafeRawBufferPointer(rebasing: bytes[job..<job + length])
                    }
                    var jobs = parts.map { MultiBufferMD5.Job(RunningMD5(), [$0]) }
                    MultiBufferMD5.update(&jobs, using: kernel)
                    let wrong = zip(jobs, parts).filter { Array($0.hash.digest) != reference($1) }
                    #expect(wrong.isEmpty, "\(count) jobs of \(parts.map(\.count)) bytes")
                }
            }
        }
    }

    @Test(arguments: UInt64(0)..<48)
    func hashesAnyJobs(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let kernel = Self.choices[Int(seed) % Self.choices.count]
        let longest = kernel == .portable ? 20_000 : 1 << 20
        let bytes = SeededGenerator.shared
        bytes.withUnsafeBytes { bytes in
            var streams: [UnsafeRawBufferPointer] = []
            var jobs: [MultiBufferMD5.Job] = []
            for _ in 0..<Int.random(in: 0...40, using: &generator) {
                // Lengths of all magnitudes.
                let most = min(longest, 1 << Int.random(in: 0...20, using: &generator))
                let length = Int.random(in: 0...most, using: &generator)
                let start = Int.random(in: 0...bytes.count - length, using: &generator)
                let stream = UnsafeRawBufferPointer(rebasing: bytes[start..<start + length])
                // Some have taken in bytes before.
                let before =
                    Int.random(in: 0...1, using: &generator) * Int.random(in: 0...min(length, 300), using: &generator)
                var hash = RunningMD5()
                hash.update(UnsafeRawBufferPointer(rebasing: stream.prefix(before)))
                streams.append(stream)
                jobs.append(.init(hash, split(UnsafeRawBufferPointer(rebasing: stream.dropFirst(before)), &generator)))
            }
            MultiBufferMD5.update(&jobs, using: kernel)
            for (job, stream) in zip(jobs, streams) {
                #expect(Array(job.hash.digest) == reference(stream), "seed \(seed): \(stream.count) bytes")
                #expect(job.hash.count == stream.count)
                #expect(job.hash.midState.bytes == Int64(stream.count - stream.count % 64))
            }
        }
    }

    @Test(arguments: choices)
    func keepsLanesApart(kernel: Kernel?) {
        let width = (kernel ?? .best(forJobs: .max)).lanes
        let length = 1000
        var bytes = SeededGenerator.bytes(width * length)
        func digests() -> [RunningMD5.Digest] {
            bytes.withUnsafeBytes { bytes in
                var jobs = (0..<width).map {
                    let part = UnsafeRawBufferPointer(rebasing: bytes[$0 * length..<($0 + 1) * length])
                    return MultiBufferMD5.Job(RunningMD5(), [part])
                }
                MultiBufferMD5.update(&jobs, using: kernel)
                return jobs.map(\.hash.digest)
            }
        }
        let right = digests()
        var generator = SeededGenerator(seed: 1)
        for lane in 0..<width {
            let place = lane * length + Int.random(in: 0..<length, using: &generator)
            let bit = UInt8(1) << UInt8.random(in: 0..<8, using: &generator)
            bytes[place] ^= bit
            let wrong = digests()
            #expect(right.indices.filter { right[$0] != wrong[$0] } == [lane], "a bit of byte \(place)")
            bytes[place] ^= bit
        }
        #expect(digests() == right)
    }

    /// A block and the file that it belongs to.
    @Test func hashesTheSameBytesIntoTwo() {
        let bytes = SeededGenerator.bytes(10_000)
        bytes.withUnsafeBytes { all in
            var file = RunningMD5()
            file.update(UnsafeRawBufferPointer(rebasing: all.prefix(777)))
            let block = UnsafeRawBufferPointer(rebasing: all.dropFirst(777))
            var jobs = [MultiBufferMD5.Job(file, [block]), .init(RunningMD5(), [block])]
            MultiBufferMD5.update(&jobs)
            #expect(Array(jobs[0].hash.digest) == reference(bytes))
            #expect(Array(jobs[1].hash.digest) == reference(bytes.dropFirst(777)))
        }
    }

    @Test func hasNothingToDoWithoutBytes() {
        var none: [MultiBufferMD5.Job] = []
        MultiBufferMD5.update(&none)
        #expect(none.isEmpty)

        var jobs = (0..<100).map { index in
            MultiBufferMD5.Job(
                RunningMD5(), [UnsafeRawBufferPointer](repeating: .init(start: nil, count: 0), count: index % 3))
        }
        MultiBufferMD5.update(&jobs)
        #expect(jobs.allSatisfy { $0.hash.digest == RunningMD5().digest && $0.hash.count == 0 })
    }
}

extension SeededGenerator {
    /// More than the longest job of the random ones, made once.
    fileprivate static let shared = bytes(3 << 19, seed: 5)
}
