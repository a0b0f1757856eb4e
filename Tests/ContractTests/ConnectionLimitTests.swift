import Foundation
import Testing
import UploadTestSupport

/// `maxConnections`, and what happens beyond it.
@Suite(.contract)
struct ConnectionLimitTests {
    @Test func oneTooManyIsToldSo() async throws {
        try await TestBed.run("maxConnections=3") { bed in
            let process = try #require(bed.server.process)
            let request = "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"
            var held: [RawSocket] = []
            for _ in 0..<3 {
                held.append(try RawSocket(port: bed.server.port))
                try await held[held.count - 1].send(request)
                #expect(try await held[held.count - 1].readAnswer().status == 404)
            }
            let full = try process.descriptors()
            // Whether it says something or not.
            for text in ["", request, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nxxx"] {
                let refused = try RawSocket(port: bed.server.port)
                // It may be gone before it has spoken.
                try? await refused.send(text)
                let answer = try await refused.readAnswer()
                #expect((answer.status, answer.retCode) == (503, "11"))
                #expect((answer.headers["retry-after"], answer.headers["connection"]) == ("1", "close"))
                #expect(try await refused.readToEnd() == "")
            }
            // Who does not go by itself, is left.
            let lingering = try (0..<20).map { _ in try RawSocket(port: bed.server.port) }
            try await process.settle(at: full)
            withExtendedLifetime(lingering) {}
            // Those that were there are served, and a place that becomes free is given away.
            try await held[0].send(request)
            #expect(try await held[0].readAnswer().status == 404)
            held.removeLast()
            _ = try await eventually("a free place") {
                let next = try RawSocket(port: bed.server.port)
                try? await next.send(request)
                return try await next.readAnswer().status == 404 ? true : nil
            }
            #expect(try bed.server.logText().contains("maxConnections=3"))
        }
    }

    @Test func aRushIsSurvived() async throws {
        SocketCrowd.raiseDescriptorLimit()
        try await TestBed.run("maxConnections=10") { bed in
            let process = try #require(bed.server.process)
            let descriptors = try process.descriptors()
            let crowd = try SocketCrowd(port: bed.server.port, beginnings: (0..<1000).map { _ in Array("GET ".utf8) })
            let answers = try await crowd.outcome.wait("the refused") { outcome in
                outcome.open <= 10 ? outcome.answers : nil
            }
            crowd.end()
            #expect(answers.contains { $0.hasPrefix("HTTP/1.1 503") })
            // Served, refused in words, or left without a word; nothing else.
            #expect(answers.allSatisfy { $0.isEmpty || $0.hasPrefix("HTTP/1.1 503") })
            try await process.settle(at: descriptors)
            #expect(try await HTTP.get(bed.server.base + "/nothing").status == 404)
        }
    }

    @Test func aLimitOfFilesThatIsTooLowIsSaidAndSurvived() async throws {
        SocketCrowd.raiseDescriptorLimit()
        try await TestBed.run(startsServer: false) { bed in
            try await bed.server.start(through: ["prlimit", "--nofile=64:96"])
            let process = try #require(bed.server.process)
            let warning = try await process.waitForError(containing: "the limit of open files")
            #expect(warning.contains("maxConnections=8192") && warning.contains("openFiles=96"), "\(warning)")
            let descriptors = try process.descriptors()
            let crowd = try SocketCrowd(port: bed.server.port, beginnings: (0..<300).map { _ in Array("GET ".utf8) })
            _ = try await eventually("the limit") { try process.descriptors() >= 80 ? true : nil }
            crowd.end()
            try await process.settle(at: descriptors)
            let upload = try await bed.server.register(TestFile(size: 1000, seed: 1))
            try await upload.sendAll(TestFile(size: 1000, seed: 1))
            #expect(try await bed.receiver.callback(for: upload.id).retCode == "0")
        }
    }
}
