import Logging
import UploadCore

/// Writes one line a message to standard error: for eyes or as JSON.
public struct LineLogHandler: LogHandler {
    /// What each message carries.
    public var metadata: Logger.Metadata = [:]
    /// The least severe level that is written: that of all loggers, unless a more severe one is set for this one.
    public var logLevel: Logger.Level {
        get { max(own, threshold.level) }
        set { own = newValue }
    }
    private var own = Logger.Level.trace
    private let threshold: LogThreshold
    private let format: ServerConfiguration.LogFormat
    private let write: @Sendable (String) -> Void

    /// A handler that writes to standard error, by way of ``LogWriter/standardError``: call its `drain()` before the
    /// process ends.
    public init(format: ServerConfiguration.LogFormat, threshold: LogThreshold) {
        let writer = LogWriter.standardError
        writer.describeLoss { LineLogHandler.line(format, .warning, LogWriter.lossText($0), [:]) }
        self.init(format: format, threshold: threshold) { writer.submit($0) }
    }

    init(
        format: ServerConfiguration.LogFormat, threshold: LogThreshold, write: @escaping @Sendable (String) -> Void
    ) {
        self.format = format
        self.write = write
        self.threshold = threshold
    }

    /// One entry of ``metadata``.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one line.
    public func log(event: LogEvent) {
        write(Self.line(format, event.level, "\(event.message)", metadata.merging(event.metadata ?? [:]) { $1 }))
    }

    /// A line, its end included.
    static func line(
        _ format: ServerConfiguration.LogFormat, _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata
    ) -> String {
        let all = metadata.sorted { $0.key < $1.key }
        let time = SystemClock().now
        switch format {
        case .human:
            let fields = all.map { " \($0.key)=\(quoted("\($0.value)"))" }.joined()
            let name = level.rawValue.uppercased()
            let padding = String(repeating: " ", count: max(0, 8 - name.count))
            return "\(time) \(name)\(padding) \(oneLine(message))\(fields)\n"
        case .json:
            let fields = all.map { ",\(logString($0.key)):\(logString("\($0.value)"))" }.joined()
            return "{\"time\":\"\(time)\",\"level\":\"\(level)\",\"message\":\(logString(message))\(fields)}\n"
        }
    }

    /// A client chooses file names and user ids; they must not be able to forge a line, or the look of one.
    private static func quoted(_ text: String) -> String {
        let plain = text.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=") }
        return plain && !text.isEmpty && !hasUnseen(text) ? text : logString(text)
    }

    private static func oneLine(_ text: String) -> String {
        hasUnseen(text) ? logString(text) : text
    }
}
