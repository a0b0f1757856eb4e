import UploadCore

/// One of the secrets that task keys are made with. No textual form of it shows the bytes.
public struct KeySecret: Sendable, Equatable {
    static let length = 32

    /// Its number, 1 or more; a newer secret has a higher one.
    public let generation: Int
    /// The secret, 32 bytes.
    public let bytes: [UInt8]

    init(generation: Int, bytes: [UInt8]) {
        self.generation = generation
        self.bytes = bytes
    }

    /// A fresh one from the system's source of randomness.
    static func random(generation: Int) -> KeySecret {
        var generator = SystemRandomNumberGenerator()
        return KeySecret(
            generation: generation,
            bytes: (0..<length).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }
}

extension KeySecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The generation alone.
    public var description: String { "KeySecret(generation: \(generation))" }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// A mirror that does not reach the bytes.
    public var customMirror: Mirror { Mirror(self, children: ["generation": generation]) }
}

/// The text of the secret file: a line that names the format, and a line for each secret, the oldest first.
///
/// The first servers wrote 32 bytes and nothing else; these are read as the secret of generation 1.
enum KeySecretText {
    private static let heading = "fuploadServer secrets of task keys, format 1"

    static func write(_ secrets: [KeySecret]) -> [UInt8] {
        let lines = secrets.map { "\($0.generation) \(String(hexOf: $0.bytes))" }
        return Array(([heading] + lines).map { $0 + "\n" }.joined().utf8)
    }

    /// - Returns: `nil` for bytes that this server did not write.
    static func read(_ bytes: [UInt8]) -> [KeySecret]? {
        // A text that was cut to that length is none.
        if bytes.count == KeySecret.length, !heading.utf8.starts(with: bytes) {
            return [KeySecret(generation: 1, bytes: bytes)]
        }
        var lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count > 2, lines.removeFirst() == heading, lines.removeLast().isEmpty else { return nil }
        let secrets = lines.compactMap(secret)
        let generations = secrets.map(\.generation)
        guard secrets.count == lines.count, generations == Set(generations).sorted() else { return nil }
        return secrets
    }

    private static func secret(_ line: Substring) -> KeySecret? {
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 2, let generation = Int(words[0]), generation > 0 else { return nil }
        let digits = words[1].utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue.map { UInt8($0) } }
        guard words[1].utf8.count == 2 * KeySecret.length, digits.count == words[1].utf8.count else { return nil }
        let bytes = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
        return KeySecret(generation: generation, bytes: bytes)
    }
}
