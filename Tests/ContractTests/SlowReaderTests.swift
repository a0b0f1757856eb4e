import Foundation
import Testing
import UploadTestSupport

/// Clients that take their answers slowly or not at all, and clients that have them and stay.
@Suite(.contract)
struct SlowReaderTests {
    private let file = TestFile(size: 100_000, seed: 1)

    /// It takes longer than the window in which something has to be taken, and than the end of a connection may take.
    @Test(arguments: [false, true])
    func whoKeepsTheRateGetsAllOfALongAnswer(last: Bool) async throws {
        try await TestBed.run("minRate=128KiB", "minRateWindow=2s") { bed in
            let upload = try await bed.server.register(file)
            try await upload.claimToHold(gaps: 40_000)
            let close = "Connection: close\r\n"
            let requests =
                "GET \(upload.blocksTarget) HTTP/1.1\r\nHost: x\r\n\(last ? close : "")\r\n"
                + (last ? "" : "GET /nothing HTTP/1.1\r\nHost: x\r\n\(close)\r\n")
            let fast = try RawSocket(port: bed.server.port)
            try await fast.send(requests)
            let length = try await fast.readToEnd().utf8.count
            try #require(length > 2_500_000)
            let slow = try RawSocket(port: bed.server.port, receiveBuffer: 64 << 10)
            try await slow.send(requests)
            let received = try await slow.readToEnd(pieces: 64 << 10, pause: .milliseconds(200))
            #expect(received.count == length)
            let end = String(decoding: received.suffix(500), as: UTF8.self)
            #expect(end.contains(last ? "\"receivedSize\":40000}}" : "HTTP/1.1 404 Not Found"), "\(end)")
        }
    }

    /// The kernel takes an answer in pieces of 100 KB: less than what is to be taken in a window has to do now and then.
    @Test func whoKeepsTheRateJustSoGetsAll() async throws {
        try await TestBed.run("minRate=100KiB", "minRateWindow=1s") { bed in
            let upload = try await bed.server.register(file)
            try await upload.claimToHold(gaps: 12_000)
            let length = try await HTTP.get(upload.blocksURL).body.count
            try #require(length > 700_000)
            let slow = try RawSocket(port: bed.server.port, receiveBuffer: 64 << 10)
            try await slow.send("GET \(upload.blocksTarget) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            let received = try await slow.readToEnd(pieces: 22 << 10, pause: .milliseconds(200))
            #expect(received.count > length, "head and body")
        }
    }

    /// However much of the answers is with the kernel already, with us, or not yet made.
    @Test func whoTakesNothingIsLeft() async throws {
        try await TestBed.run("minRate=256KiB", "minRateWindow=2s") { bed in
            let process = try #require(bed.server.process)
            let upload = try await bed.server.register(file)
            try await upload.claimToHold(gaps: 350)
            let descriptors = try await process.restingDescriptors()
            let request = "GET \(upload.blocksTarget) HTTP/1.1\r\nHost: x\r\n"
            var sockets: [RawSocket] = []
            for count in 1...16 {
                let socket = try RawSocket(port: bed.server.port, receiveBuffer: 16 << 10)
                let before = String(repeating: request + "\r\n", count: count - 1)
                try await socket.send(before + request + "Connection: close\r\n\r\n")
                sockets.append(socket)
            }
            _ = try await eventually("answers to all") {
                try sockets.allSatisfy { try $0.unreadBytes() > 0 } ? true : nil
            }
            try await process.settle(at: descriptors)
            withExtendedLifetime(sockets) {}
            #expect(try await upload.missing().count == 350)
        }
    }

    /// Whoever wants nothing for a while makes room for whoever does.
    @Test func anIdleConnectionGivesWayToANewcomer() async throws {
        try await TestBed.run("maxConnections=3") { bed in
            let process = try #require(bed.server.process)
            let request = "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"
            var idle: [RawSocket] = []
            for _ in 0..<3 {
                let socket = try RawSocket(port: bed.server.port)
                try await socket.send(request)
                #expect(try await socket.readAnswer().status == 404)
                idle.append(socket)
            }
            let full = try process.descriptors()
            let newcomer = try await eventually("a place") {
                let socket = try RawSocket(port: bed.server.port)
                // The door may be shut already, or be shut on what was sent.
                try? await socket.send(request)
                return try? await socket.readAnswer().status == 404 ? socket : nil
            }
            // One has gone for it, no more.
            try await process.settle(at: full)
            var served = 0
            for socket in idle {
                // It fails on the one that was closed.
                try? await socket.send(request)
                if let answer = try? await socket.readAnswer(), answer.status == 404 { served += 1 }
            }
            #expect(served == 2)
            try await newcomer.send(request)
            #expect(try await newcomer.readAnswer().status == 404)
        }
    }
}

extension UploadHandle {
    /// Path and query of what tells which ranges are missing, for raw sockets.
    var blocksTarget: String { String(blocksURL.dropFirst(server.base.count)) }

    /// Writes down that every second byte is held, so that what is missing is a long list.
    ///
    /// - Parameter gaps: its length.
    func claimToHold(gaps: Int) async throws {
        let installation = try await server.sqlite("SELECT id FROM installation")
        let staged = URL(fileURLWithPath: "\(server.tmpDirectory)/\(installation)/\(id).part")
        try Data(count: 2 * gaps).write(to: staged)
        let md5 = String(repeating: "0", count: 32)
        try await server.sqlite(
            """
            WITH RECURSIVE held (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM held WHERE n + 1 < \(gaps))
            INSERT INTO blocks (task_id, start_byte, end_byte, md5, received_at)
            SELECT \(id), 2 * n, 2 * n, '\(md5)', '2026-01-01 00:00:00.000' FROM held
            """)
    }
}
