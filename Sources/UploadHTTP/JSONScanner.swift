/// Finds the members of a JSON object and keeps their values as they were written (RFC 8259).
///
/// A decoder would give values back changed (1.0 as 1, keys in another order, escapes resolved); the contract returns
/// `feedBackParameter` byte for byte. So the text is checked strictly, and cut, not converted.
struct JSONScanner {
    /// What is wrong with the text, as a predicate of "the body".
    struct SyntaxError: Error {
        var problem: String
    }

    /// How many objects and arrays may lie in each other, the outermost included: `feedBackParameter`, which is a member of
    /// that, has one level less. More are refused, so that no input exhausts the stack here or in whoever reads the
    /// callback, where it is as deep again (decision "Feedback has 127 levels").
    static let maximumDepth = 128

    private let bytes: [UInt8]
    private var position = 0

    /// The members of the object that the text consists of. Of two with one name, the later counts.
    static func members(of bytes: [UInt8]) throws(SyntaxError) -> [String: JSONValue] {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw SyntaxError(problem: "is not UTF-8") }
        var scanner = JSONScanner(bytes: bytes)
        scanner.skipWhitespace()
        guard scanner.peek == UInt8(ascii: "{") else { throw SyntaxError(problem: "must be a JSON object") }
        var members: [String: JSONValue] = [:]
        try scanner.object(depth: 1) { members[$0] = $1 }
        scanner.skipWhitespace()
        guard scanner.peek == nil else { throw scanner.error() }
        return members
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func error() -> SyntaxError {
        peek == nil
            ? SyntaxError(problem: "is JSON that ends too soon")
            : SyntaxError(problem: "is not JSON at byte \(position)")
    }

    private mutating func skipWhitespace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ byte: UInt8) throws(SyntaxError) {
        guard peek == byte else { throw error() }
        position += 1
    }

    private mutating func value(depth: Int) throws(SyntaxError) -> JSONValue.Kind {
        switch peek {
        case UInt8(ascii: "{"):
            try object(depth: deeper(depth))
            return .other
        case UInt8(ascii: "["):
            try array(depth: deeper(depth))
            return .other
        case UInt8(ascii: "\""):
            let (text, isText) = try string()
            return isText ? .string(text) : .noText
        case UInt8(ascii: "t"):
            try literal("true")
            return .other
        case UInt8(ascii: "f"):
            try literal("false")
            return .other
        case UInt8(ascii: "n"):
            try literal("null")
            return .null
        default:
            return try number() ? .integer : .other
        }
    }

    private func deeper(_ depth: Int) throws(SyntaxError) -> Int {
        guard depth < Self.maximumDepth else {
            throw SyntaxError(problem: "is nested deeper than \(Self.maximumDepth) levels")
        }
        return depth + 1
    }

    /// - Parameter member: takes the members; `nil` for an inner object, whose text is part of a member's.
    private mutating func object(
        depth: Int, _ member: ((String, JSONValue) -> Void)? = nil
    ) throws(SyntaxError) {
        try take(UInt8(ascii: "{"))
        skipWhitespace()
        if peek == UInt8(ascii: "}") { return position += 1 }
        while true {
            skipWhitespace()
            // A name that is no text is none that anybody looks for.
            let name = try string().text
            skipWhitespace()
            try take(UInt8(ascii: ":"))
            skipWhitespace()
            let start = position
            let kind = try value(depth: depth)
            member?(name, JSONValue(kind: kind, text: String(decoding: bytes[start..<position], as: UTF8.self)))
            skipWhitespace()
            if peek == UInt8(ascii: "}") { return position += 1 }
            try take(UInt8(ascii: ","))
        }
    }

    private mutating func array(depth: Int) throws(SyntaxError) {
        try take(UInt8(ascii: "["))
        skipWhitespace()
        if peek == UInt8(ascii: "]") { return position += 1 }
        while true {
            skipWhitespace()
            _ = try value(depth: depth)
            skipWhitespace()
            if peek == UInt8(ascii: "]") { return position += 1 }
            try take(UInt8(ascii: ","))
        }
    }

    private mutating func literal(_ word: StaticString) throws(SyntaxError) {
        for index in 0..<word.utf8CodeUnitCount { try take(word.utf8Start[index]) }
    }

    /// `true` when it is a whole number without exponent.
    private mutating func number() throws(SyntaxError) -> Bool {
        if peek == UInt8(ascii: "-") { position += 1 }
        if peek == UInt8(ascii: "0") { position += 1 } else { try digits() }
        var isInteger = true
        if peek == UInt8(ascii: ".") {
            position += 1
            try digits()
            isInteger = false
        }
        if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
            position += 1
            if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { position += 1 }
            try digits()
            isInteger = false
        }
        return isInteger
    }

    private mutating func digits() throws(SyntaxError) {
        let start = position
        while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        guard position > start else { throw error() }
    }
}

// MARK: Strings

extension JSONScanner {
    /// - Returns: the string with escapes resolved, and whether all of it is text: half a surrogate pair is legal JSON but
    ///   no character, and two that differ must not become one string. It is U+FFFD here.
    private mutating func string() throws(SyntaxError) -> (text: String, isText: Bool) {
        try take(UInt8(ascii: "\""))
        var text: [UInt8] = []
        var isText = true
        while true {
            guard let byte = peek, byte >= 0x20 else { throw error() }
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return (String(decoding: text, as: UTF8.self), isText)
            case UInt8(ascii: "\\"):
                let character = try escape()
                isText = isText && character != nil
                text.append(contentsOf: String(character ?? "\u{FFFD}").utf8)
            default: text.append(byte)
            }
        }
    }

    /// - Returns: `nil` for half a surrogate pair.
    private mutating func escape() throws(SyntaxError) -> Character? {
        guard let byte = peek else { throw error() }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Character(Unicode.Scalar(byte))
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape().map { Character($0) }
        default:
            position -= 1
            throw error()
        }
    }

    private mutating func unicodeEscape() throws(SyntaxError) -> Unicode.Scalar? {
        let unit = try fourHexDigits()
        if UTF16.isLeadSurrogate(unit), position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        {
            let mark = position
            position += 2
            let trail = try fourHexDigits()
            if UTF16.isTrailSurrogate(trail) {
                return UTF16.decode(UTF16.EncodedScalar([unit, trail]))
            }
            position = mark
        }
        return Unicode.Scalar(unit)
    }

    private mutating func fourHexDigits() throws(SyntaxError) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw error() }
            value = value << 4 | UInt16(digit)
            position += 1
        }
        return value
    }
}

/// A JSON value as it was written.
struct JSONValue: Equatable {
    enum Kind: Equatable {
        /// With escapes resolved.
        case string(String)
        /// A string with half a surrogate pair in it: what it says, nobody knows.
        case noText
        /// A number without fraction and exponent, of any size.
        case integer
        case null
        /// Objects, arrays, other numbers, true, false.
        case other
    }

    var kind: Kind
    /// The bytes of the value.
    var text: String
}
