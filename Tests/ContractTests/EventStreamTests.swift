import Testing
import UploadTestSupport

private let file = TestFile(size: 1000, seed: 1)

/// The console's live view.
@Suite(.contract)
struct EventStreamTests {
    private func open(_ bed: TestBed) async throws -> RawSocket {
        let port = try #require(try await bed.server.adminBase().split(separator: ":").last.flatMap { Int($0) })
        let socket = try RawSocket(port: port)
        try await socket.send("GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n")
        return socket
    }

    @Test func aBlockShowsInTheMap() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            let socket = try await open(bed)
            let first = try await socket.read(until: "event: tasks\n")
            #expect(first.lowercased().contains("content-type: text/event-stream"))
            #expect(first.contains("event: overview\n"))
            try await upload.send(100...349, of: file)
            _ = try await socket.read(until: "\"ranges\":[[100,349]]")
            try await upload.send(600...699, of: file)
            _ = try await socket.read(until: "\"ranges\":[[100,349],[600,699]]")
        }
    }

    @Test func itIsNoReasonNotToStop() async throws {
        try await TestBed.run { bed in
            let socket = try await open(bed)
            _ = try await socket.read(until: "event: overview\n")
            #expect(try await bed.server.terminate() == .code(0))
            #expect(try !bed.server.logText().contains("stopping at once"))
        }
    }

    @Test func theirNumberIsBounded() async throws {
        try await TestBed.run { bed in
            var sockets: [RawSocket] = []
            for _ in 0..<16 {
                let socket = try await open(bed)
                _ = try await socket.read(until: "event: overview\n")
                sockets.append(socket)
            }
            #expect(try await bed.server.admin("/api/events").status == 503)
            for socket in sockets { socket.reset() }
            _ = try await eventually("a place is free") {
                let socket = try await open(bed)
                let answer = try await socket.read(until: "\r\n\r\n")
                return answer.hasPrefix("HTTP/1.1 200") ? true : nil
            }
        }
    }
}
