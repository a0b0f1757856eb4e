/// A value that the protocol lets be a JSON integer or a JSON string, and that must travel on as it came.
public enum WireIdentifier: Hashable, Sendable {
    /// A JSON integer.
    case integer(Int64)
    /// A JSON string.
    case text(String)

    /// An integer where `text` is written exactly as one (`123`, not `0123`), else text.
    public init(_ text: String) {
        if let number = Int64(text), String(number) == text {
            self = .integer(number)
        } else {
            self = .text(text)
        }
    }
}

extension WireIdentifier: Codable {
    /// Reads an integer or a string; throws `DecodingError` for anything else.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int64.self) {
            self = .integer(number)
        } else {
            self = .text(try container.decode(String.self))
        }
    }

    /// Writes what was read.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .integer(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        }
    }
}

extension WireIdentifier: CustomStringConvertible {
    /// The value without quotes.
    public var description: String {
        switch self {
        case .integer(let number): String(number)
        case .text(let text): text
        }
    }
}
