import Foundation
import Logging
import UploadCore

/// Writes one line a message to standard error: for eyes or as JSON.
public struct LineLogHandler: LogHandler {
    /// What each message carries.
    public var metadata: Logger.Metadata = [:]
    /// The least severe level that is written.
    public var logLevel: Logger.Level
    private let format: ServerConfiguration.LogFormat
    private let write: @Sendable (String) -> Void

    /// A handler that writes to standard error.
    public init(format: ServerConfiguration.LogFormat, level: Logger.Level) {
        self.init(format: format, level: level) { line in
            // A log that can't be written has nowhere to say so.
            try? FileHandle.standardError.write(contentsOf: Data(line.utf8))
        }
    }

    init(format: ServerConfiguration.LogFormat, level: Logger.Level, write: @escaping @Sendable (String) -> Void) {
        self.format = format
        self.write = write
        logLevel = level
    }

    /// One entry of ``metadata``.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one line.
    public func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        let time = SystemClock().now
        switch format {
        case .human:
            let fields = all.map { " \($0.key)=\(Self.quoted("\($0.value)"))" }.joined()
            let level = event.level.rawValue.uppercased()
            let padding = String(repeating: " ", count: max(0, 8 - level.count))
            write("\(time) \(level)\(padding) \(Self.oneLine("\(event.message)"))\(fields)\n")
        case .json:
            let fields = all.map { ",\(jsonString($0.key)):\(jsonString("\($0.value)"))" }.joined()
            let message = jsonString("\(event.message)")
            write("{\"time\":\"\(time)\",\"level\":\"\(event.level)\",\"message\":\(message)\(fields)}\n")
        }
    }

    /// A client chooses file names and user ids; they must not be able to forge a line.
    private static func quoted(_ text: String) -> String {
        let plain = text.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=") }
        return plain && !text.isEmpty ? text : jsonString(text)
    }

    private static func oneLine(_ text: String) -> String {
        text.utf8.contains { $0 < 0x20 } ? jsonString(text) : text
    }
}
