import Foundation
import Testing
import UploadTestSupport

/// What breaks no rule that a parser checks, and would fill the memory or hold a connection for ever.
@Suite(.contract)
struct HostileFramingTests {
    /// What has no end, and comes to nothing.
    enum Endless: CaseIterable {
        case head, trailer, chunkExtension

        var beginning: String {
            switch self {
            case .head: "GET / HTTP/1.1\r\nHost: x\r\nX:"
            case .trailer: HostileFramingTests.chunked + "0\r\nX:"
            case .chunkExtension: HostileFramingTests.chunked + "1;"
            }
        }

        /// 64 KiB of it.
        var rest: [UInt8] {
            Array(repeating: UInt8(ascii: self == .chunkExtension ? "a" : " "), count: 64 << 10)
        }
    }

    private static let chunked = "POST /api/upload/new/task HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    /// What is sent in vain, in bytes.
    private static let flood = 150 << 20
    /// What is ever taken of it: what the server throws away, and what the buffers of both kernels hold.
    private static let taken = 100 << 20
    /// What the server may need for it, in KiB.
    private static let memory = 32 << 10

    private let file = TestFile(size: 100_000, seed: 1)

    /// The parser keeps such bytes, or drops them, and says nothing in either case. (What is answered is among
    /// ``MalformedHTTPTests``.)
    @Test(arguments: Endless.allCases)
    func whatComesToNothingHasAnEnd(endless: Endless) async throws {
        try await TestBed.run { bed in
            let process = try #require(bed.server.process)
            let before = try process.peakKiB()
            let socket = try RawSocket(port: bed.server.port)
            try await socket.send(endless.beginning)
            let sent = try await socket.sendUntilRefused(endless.rest, limit: Self.flood)
            #expect(sent < Self.taken, "\(sent) bytes were taken")
            let grown = try process.peakKiB() - before
            #expect(grown < Self.memory, "\(grown) KiB")
            #expect(try await HTTP.get(bed.server.base + "/nothing").status == 404)
        }
    }

    /// Nobody reads what comes first, so nobody gets to what follows: no more of a head than any may have, nothing at all
    /// after a request for another protocol.
    @Test(arguments: [false, true])
    func whatIsBehindAnAnswerThatIsNotTakenIsNotKept(upgrade: Bool) async throws {
        try await TestBed.run("minRate=256KiB", "minRateWindow=3s") { bed in
            let process = try #require(bed.server.process)
            let upload = try await bed.server.register(file)
            try await upload.claimToHold(gaps: 20_000)
            let length = try await HTTP.get(upload.blocksURL).body.count
            try #require(length > 1_000_000)
            let (descriptors, before) = (try await process.restingDescriptors(), try process.peakKiB())
            let socket = try RawSocket(port: bed.server.port, receiveBuffer: 16 << 10)
            let fields = upgrade ? "Connection: Upgrade\r\nUpgrade: h2c\r\n" : ""
            try await socket.send(
                "GET \(upload.blocksTarget) HTTP/1.1\r\nHost: x\r\n\(fields)\r\n"
                    + (upgrade ? "" : Endless.head.beginning))
            let sent = try await socket.sendUntilRefused(Endless.head.rest, limit: Self.flood)
            #expect(sent < Self.taken, "\(sent) bytes were taken")
            // The connection is gone, though its answer was not taken.
            try await process.settle(at: descriptors)
            let grown = try process.peakKiB() - before
            #expect(grown < Self.memory, "\(grown) KiB")
            withExtendedLifetime(socket) {}
        }
    }

    /// Each byte of the body brings eight thousand along that are none.
    @Test func theRateIsNotPaidWithFraming() async throws {
        try await TestBed.run("minRate=1KiB", "minRateWindow=3s") { bed in
            let chunk = "1;" + String(repeating: "a", count: 8000) + "\r\n{\r\n"
            let socket = try RawSocket(port: bed.server.port)
            try await socket.send(Self.chunked)
            _ = try await eventually("an answer") {
                try await socket.send(chunk)
                return try socket.unreadBytes() > 0 ? true : nil
            }
            let answer = try await socket.readAnswer()
            #expect((answer.status, answer.retCode) == (503, "11"))
            #expect(try await socket.readToEnd() == "")
        }
    }

    /// Far more framing than any head may have, but something comes of it all the time.
    @Test func smallChunksAreNoFault() async throws {
        try await TestBed.run { bed in
            let file = TestFile(size: 500, seed: 1)
            let upload = try await bed.server.register(file)
            let form = Form(block: 0...499, file.bytes)
            let line = "1;" + String(repeating: "a", count: 500) + "\r\n"
            var body: [UInt8] = []
            for byte in form.bytes {
                body += line.utf8
                body += [byte, UInt8(ascii: "\r"), UInt8(ascii: "\n")]
            }
            body += "0\r\nA: b\r\n\r\n".utf8
            var rest = body[...]
            let socket = try RawSocket(port: bed.server.port)
            try await socket.send(
                "POST \(upload.uploadTarget) HTTP/1.1\r\nHost: x\r\nContent-Type: \(form.contentType)\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n")
            while !rest.isEmpty {
                try await socket.send(Array(rest.prefix(700)))
                rest = rest.dropFirst(700)
            }
            #expect(try await socket.readAnswer().retCode == "0")
            try await socket.send("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await socket.readAnswer().status == 404)
        }
    }

    @Test func aCrowdThatPipelinesWithoutReadingCostsNoMemory() async throws {
        try await TestBed.run("minRate=256KiB", "minRateWindow=3s") { bed in
            let process = try #require(bed.server.process)
            let (descriptors, before) = (try await process.restingDescriptors(), try process.peakKiB())
            let burst = Array(String(repeating: "GET / HTTP/1.1\r\nHost:\r\n\r\n", count: 10_000).utf8)
            var sockets: [RawSocket] = []
            for _ in 0..<60 {
                let socket = try RawSocket(port: bed.server.port, receiveBuffer: 4096)
                // The end may come before all is sent.
                _ = try await socket.sendUntilRefused(burst, limit: burst.count)
                sockets.append(socket)
            }
            try await process.settle(at: descriptors)
            let grown = try process.peakKiB() - before
            #expect(grown < Self.memory, "\(grown) KiB")
            withExtendedLifetime(sockets) {}
        }
    }

    /// The last answer says that those behind it get none.
    @Test func ofManyPipelinedRequestsTheFirstAreAnswered() async throws {
        try await TestBed.run { bed in
            let upload = try await bed.server.register(file)
            let kinds = [("GET /nothing", 404), ("GET /api/upload/new/task", 405), ("GET \(upload.blocksTarget)", 200)]
            func requests(_ count: Int) -> String {
                (0..<count).map { "\(kinds[$0 % 3].0) HTTP/1.1\r\nHost: x\r\n\r\n" }.joined()
            }
            let many = try RawSocket(port: bed.server.port)
            try await many.send(requests(1000))
            var answered = 0
            var isLast = false
            while !isLast {
                let answer = try await many.readAnswer()
                try #require(answer.status == kinds[answered % 3].1, "answer \(answered): \(answer.text)")
                answered += 1
                isLast = answer.headers["connection"] == "close"
            }
            #expect((16..<1000).contains(answered), "\(answered) answers")
            #expect(try await many.readToEnd() == "")

            let few = try RawSocket(port: bed.server.port)
            for _ in 0..<3 {
                try await few.send(requests(16))
                for index in 0..<16 {
                    let answer = try await few.readAnswer()
                    #expect((answer.status, answer.headers["connection"]) == (kinds[index % 3].1, nil), "\(index)")
                }
            }
        }
    }
}

extension ProgramProcess {
    /// The most memory that it has had in use so far, in KiB (VmHWM).
    fileprivate func peakKiB() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
    }
}
