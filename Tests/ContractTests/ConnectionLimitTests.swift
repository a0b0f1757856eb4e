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
}
