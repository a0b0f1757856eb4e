import Foundation
import Logging
import Synchronization
import Testing

@testable import UploadServer

/// One message is one line, whatever clients choose for names.
@Suite struct LineLogHandlerTests {
    private static let nasty = "a\nb\r2026-01-01 00:00:00.000 ERROR forged=\"1\" \u{1B}[2J\u{7F}"

    private func line(_ format: ServerConfiguration.LogFormat, _ message: String, _ metadata: [String: String])
        -> String
    {
        let written = Mutex("")
        let handler = LineLogHandler(format: format, level: .trace) { text in written.withLock { $0 += text } }
        let logger = Logger(label: "test") { _ in handler }
        logger.info("\(message)", metadata: metadata.mapValues { "\($0)" })
        return written.withLock { $0 }
    }

    @Test(arguments: [ServerConfiguration.LogFormat.human, .json])
    func noTextMakesASecondLine(format: ServerConfiguration.LogFormat) throws {
        let text = line(format, Self.nasty, ["file": Self.nasty, "plain": "film.mp4"])
        #expect(text.utf8.count { $0 == UInt8(ascii: "\n") } == 1)
        #expect(text.hasSuffix("\n"))
        #expect(!text.utf8.contains { $0 < 0x20 && $0 != UInt8(ascii: "\n") })
    }

    @Test func forEyesAValueEndsWhereItEnds() {
        let text = line(.human, "task registered", ["file": "a b=c \"d\"", "user": "u1"])
        #expect(text.hasSuffix(" INFO     task registered file=\"a b=c \\\"d\\\"\" user=u1\n"), "\(text)")
    }

    @Test func forCollectorsItIsJSON() throws {
        let text = line(.json, Self.nasty, ["file": Self.nasty])
        let fields = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: String])
        #expect(fields["message"] == Self.nasty)
        #expect(fields["file"] == Self.nasty)
        #expect(fields["level"] == "info")
    }
}
