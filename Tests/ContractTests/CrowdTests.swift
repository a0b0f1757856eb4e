import Foundation
import Testing
import UploadTestSupport

extension NetworkTroubleTests {
    /// More connections than are good for anybody. (Below a suite that does one thing at a time.)
    @Suite(.contract)
    struct CrowdTests {
        /// Heads and bodies, a byte a second each.
        @Test func aCrowdOfTricklersCostsNeitherMemoryNorService() async throws {
            let count = NetworkTroubleTests.isFull ? 4000 : 2000
            // Long enough for all to be there at once, and for others to be served meanwhile.
            try await TestBed.run("headerTimeout=30s", "minRateWindow=30s") { bed in
                let process = try #require(bed.server.process)
                let file = TestFile(size: 1 << 20, seed: 1)
                let target = try await bed.server.register(TestFile(size: count * 1000, seed: 2), name: "crowd")
                    .uploadTarget
                let (descriptors, memory) = (try await process.restingDescriptors(), try process.residentKiB())
                let crowd = SocketCrowd(
                    port: bed.server.port,
                    beginnings: (0..<count).map { index in
                        guard index % 2 == 0 else { return Array("POST /api HTTP/1.1\r\nHost: x\r\nA: ".utf8) }
                        let first = index * 1000
                        let form = Form(block: first...first + 999, [UInt8](repeating: 0, count: 1000))
                        return Array(RawRequest.head(target, form).utf8) + form.bytes.prefix(form.bytes.count - 700)
                    })
                defer { crowd.end() }
                try await crowd.allOpened(count)
                for name in ["one", "two", "three"] {
                    let upload = try await bed.server.register(file, name: name)
                    try await upload.sendAll(file, blockSize: 256 << 10)
                    #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
                }
                _ = try await crowd.outcome.wait("three bytes of each") { $0.trickled >= 3 * count ? true : nil }
                let grown = try process.residentKiB() - memory
                // Nothing of this happened in a smaller crowd.
                #expect(crowd.outcome.value.open == count)
                print("a crowd of \(count) tricklers costs \(grown / count) KiB each")
                #expect(grown < count * 64)
                let answers = try await crowd.outcome.wait("the end of all", within: .seconds(120)) { outcome in
                    outcome.open == 0 ? outcome.answers : nil
                }
                #expect(answers.count { $0.contains("408 Request Timeout") } == count / 2)
                #expect(answers.count { $0.contains("\"retCode\":\"11\"") } == count / 2)
                // Our own client keeps a few connections.
                try await process.settle(at: descriptors + 8)
            }
        }

        /// Beyond the served, so many at once are told that there are too many; the door is shut on the others. Nobody is
        /// left in silence.
        @Test func aRushIsSurvived() async throws {
            let (served, told, count) = (10, 64, 1000)
            try await TestBed.run("maxConnections=\(served)", "headerTimeout=1h") { bed in
                let process = try #require(bed.server.process)
                let descriptors = try await process.restingDescriptors()
                let crowd = SocketCrowd(
                    port: bed.server.port, beginnings: (0..<count).map { _ in Array("GET ".utf8) })
                defer { crowd.end() }
                try await crowd.allOpened(count)
                let answers = try await crowd.outcome.wait("all but the served to be closed", within: .seconds(60)) {
                    $0.open == served ? $0.answers : nil
                }
                #expect(answers.count == count - served)
                let (silent, spoken) = (answers.filter(\.isEmpty), answers.filter { !$0.isEmpty })
                #expect(spoken.count >= told, "\(silent.count) were closed without a word")
                for text in spoken {
                    let answer = try #require(HTTPAnswer(wire: text), "\(text)")
                    #expect((answer.status, answer.retCode) == (503, "11"), "\(text)")
                    #expect((answer.headers["retry-after"], answer.headers["connection"]) == ("1", "close"), "\(text)")
                }
                // The server has none left but the served, and these have all places.
                try await process.settle(at: descriptors + served)
                #expect(try await RawSocket(port: bed.server.port).readAnswer().status == 503)
                #expect(crowd.outcome.value.open == served)
                crowd.end()
                try await process.settle(at: descriptors)
                let file = TestFile(size: 1000, seed: 1)
                let upload = try await bed.server.register(file)
                try await upload.sendAll(file)
                #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            }
        }

        @Test func aLimitOfFilesThatIsTooLowIsSaidAndSurvived() async throws {
            try await TestBed.run(startsServer: false) { bed in
                try await bed.server.start(overrides: ["headerTimeout=60s"], through: ["prlimit", "--nofile=64:96"])
                let process = try #require(bed.server.process)
                let warning = try await process.waitForError(containing: "the limit of open files")
                #expect(warning.contains("maxConnections=8192") && warning.contains("openFiles=96"), "\(warning)")
                let descriptors = try await process.restingDescriptors()
                let crowd = SocketCrowd(port: bed.server.port, beginnings: (0..<300).map { _ in Array("GET ".utf8) })
                let before = try await process.atLimit(1)
                // It tries again now and then, and is idle otherwise.
                let after = try await process.atLimit(3)
                #expect(after - before < 50)
                crowd.end()
                try await process.settle(at: descriptors)
                let upload = try await bed.server.register(TestFile(size: 1000, seed: 1))
                try await upload.sendAll(TestFile(size: 1000, seed: 1))
                #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
            }
        }
    }
}

extension ProgramProcess {
    /// Waits until it has said that often that it can't accept connections.
    ///
    /// - Returns: the time it has spent by then, in ticks.
    fileprivate func atLimit(_ times: Int) async throws -> Int {
        _ = try await output.wait("warning \(times) of the limit") { output in
            output.errorLines.count { $0.contains("no more connections can be accepted") } >= times ? true : nil
        }
        return try processorTicks()
    }
}
