import Foundation
import Logging
import Synchronization
import Testing
import UploadTestSupport

@testable import UploadServer

/// One message is one line, whatever clients choose for names.
@Suite struct LineLogHandlerTests {
    private static let nasty = "a\nb\r2026-01-01 00:00:00.000 ERROR forged=\"1\" \u{1B}[2J\u{7F}"

    private func line(_ format: ServerConfiguration.LogFormat, _ message: String, _ metadata: [String: String])
        -> String
    {
        let written = Mutex("")
        let handler = LineLogHandler(format: format, threshold: LogThreshold(.trace)) { text in
            written.withLock { $0 += text }
        }
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

    /// U+2028 is the end of a line to many; the others turn text around, hide in it, or begin a terminal's command.
    @Test(arguments: [
        ("\u{2028}", "\\u2028"), ("\u{2029}", "\\u2029"), ("\u{202E}", "\\u202e"), ("\u{2066}", "\\u2066"),
        ("\u{200B}", "\\u200b"), ("\u{AD}", "\\u00ad"), ("\u{FEFF}", "\\ufeff"), ("\u{9B}", "\\u009b"),
        ("\u{7F}", "\\u007f"), ("\u{1B}", "\\u001b"), ("\u{E0041}", "\\udb40\\udc41"),
    ])
    func whatIsNotSeenIsSpeltOut(scalar: String, escaped: String) throws {
        let text = "a\(scalar)b"
        let human = line(.human, text, ["file": text])
        #expect(human.hasSuffix(" \"a\(escaped)b\" file=\"a\(escaped)b\"\n"), "\(human)")
        let json = line(.json, text, ["file": text])
        #expect(json.contains("\"message\":\"a\(escaped)b\",\"file\":\"a\(escaped)b\"}"), "\(json)")
        let fields = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: String])
        #expect(fields["file"].map { Array($0.utf8) } == Array(text.utf8))
    }

    @Test(arguments: ["文件.mp4", "naïve", "e\u{301}", "👍🏽", "مرحبا"]) func otherTextIsLeftAsItIs(text: String) {
        let human = line(.human, text, ["file": text])
        #expect(human.hasSuffix(" \(text) file=\(text)\n"), "\(human)")
    }

    @Test func forCollectorsItIsJSON() throws {
        let text = line(.json, Self.nasty, ["file": Self.nasty])
        let fields = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: String])
        #expect(fields["message"] == Self.nasty)
        #expect(fields["file"] == Self.nasty)
        #expect(fields["level"] == "info")
    }
}

/// Who logs never waits, and what was lost is told.
@Suite(.timeLimit(.minutes(1))) struct LogWriterTests {
    /// Takes lines as standard error would: as many as it is let.
    private final class Sink: Sendable {
        let lines = Watched<[String]>([])
        /// Whether a line is being taken.
        let isAsked = Watched(false)
        let isBroken = Watched(false)
        private let gate = DispatchSemaphore(value: 0)

        func take(_ line: String) -> Bool {
            isAsked.update { $0 = true }
            gate.wait()
            guard !isBroken.value else { return false }
            lines.update { $0.append(line) }
            return true
        }

        /// Lets so many more lines through.
        func admit(_ count: Int) {
            for _ in 0..<count { gate.signal() }
        }

        func wait(forLines count: Int) async throws -> [String] {
            try await lines.wait("\(count) lines") { $0.count >= count ? $0 : nil }
        }
    }

    private let sink = Sink()

    private func writer(capacity: Int = 1 << 20) -> LogWriter {
        let writer = LogWriter(capacity: capacity) { [sink] line in sink.take(line) }
        writer.describeLoss { "\($0) lost\n" }
        return writer
    }

    /// Of ten bytes.
    private func line(_ number: Int) -> String {
        "line-\(String(number + 10_000).dropFirst())\n"
    }

    @Test func linesKeepTheirOrder() async throws {
        let writer = writer()
        sink.admit(4000)
        await withTaskGroup(of: Void.self) { group in
            for source in 0..<4 {
                group.addTask { for number in 0..<1000 { writer.submit("\(source) \(number)\n") } }
            }
        }
        let lines = try await sink.wait(forLines: 4000)
        for source in 0..<4 {
            let own = lines.filter { $0.hasPrefix("\(source) ") }
            #expect(own == (0..<1000).map { "\(source) \($0)\n" })
        }
    }

    @Test func whatDoesNotFitIsCountedAndTold() async throws {
        let writer = writer(capacity: 100)
        for number in 0..<25 { writer.submit(line(number)) }
        sink.admit(11)
        #expect(try await sink.wait(forLines: 11) == (0..<10).map { line($0) } + ["15 lost\n"])
        writer.submit(line(25))
        sink.admit(1)
        #expect(try await sink.wait(forLines: 12).last == line(25))
    }

    /// One gap, not one after each line for which there was room again.
    @Test func theLossIsToldWhereTheLinesWouldHaveStood() async throws {
        let writer = writer(capacity: 100)
        for number in 0..<25 { writer.submit(line(number)) }
        sink.admit(2)
        _ = try await sink.wait(forLines: 2)
        writer.submit(line(25))
        // The seventh may not be settled when it is there; with six there is room for half.
        sink.admit(5)
        _ = try await sink.wait(forLines: 7)
        writer.submit(line(26))
        sink.admit(5)
        #expect(try await sink.wait(forLines: 12) == (0..<10).map { line($0) } + ["16 lost\n", line(26)])
    }

    @Test func aLineThatCanNotBeWrittenIsLostToo() {
        let writer = writer()
        sink.admit(100)
        sink.isBroken.update { $0 = true }
        for number in 0..<2 {
            writer.submit(line(number))
            writer.drain(within: .seconds(50))
        }
        sink.isBroken.update { $0 = false }
        writer.submit(line(2))
        writer.drain(within: .seconds(50))
        #expect(sink.lines.value == ["2 lost\n", line(2)])
    }

    @Test func aDrainWaitsForAllLines() async throws {
        let writer = writer()
        for number in 0..<1000 { writer.submit(line(number)) }
        _ = try await sink.isAsked.wait("the first line") { $0 ? true : nil }
        // A reader that takes nothing does not hold it up for ever.
        writer.drain(within: .milliseconds(1))
        #expect(sink.lines.value == [])
        sink.admit(1000)
        writer.drain(within: .seconds(50))
        #expect(sink.lines.value == (0..<1000).map { line($0) })
        writer.drain()
    }
}
