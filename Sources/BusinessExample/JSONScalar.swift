/// A JSON string or integer that must travel on as it came.
enum JSONScalar: Codable, Hashable, Sendable, CustomStringConvertible {
    case integer(Int64)
    case text(String)

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int64.self) {
            self = .integer(number)
        } else {
            self = .text(try container.decode(String.self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .integer(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        }
    }

    var description: String {
        switch self {
        case .integer(let number): String(number)
        case .text(let text): text
        }
    }
}
