/// The bytes and the byte classes that the grammar is made of.
extension UInt8 {
    static let horizontalTab = UInt8(ascii: "\t")
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let quote = UInt8(ascii: "\"")
    static let dash = UInt8(ascii: "-")
    static let colon = UInt8(ascii: ":")
    static let semicolon = UInt8(ascii: ";")
    static let equals = UInt8(ascii: "=")
    static let backslash = UInt8(ascii: "\\")

    /// `LWSP-char` of RFC 822.
    var isWhiteSpace: Bool { self == .space || self == .horizontalTab }

    /// Whether it has no place in a header: all control characters but the tab.
    var isForbiddenInHeader: Bool { (self < .space && self != .horizontalTab) || self == 0x7F }

    /// `token` of RFC 9110.
    var isTokenCharacter: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "^")...UInt8(ascii: "z"),
            UInt8(ascii: "#")...UInt8(ascii: "'"),
            UInt8(ascii: "!"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default:
            false
        }
    }
}

extension Substring.UTF8View {
    /// The same without white space at both ends.
    func trimmed() -> Self {
        var view = drop(while: \.isWhiteSpace)
        while let last = view.last, last.isWhiteSpace { view.removeLast() }
        return view
    }

    /// Removes and returns the longest beginning of which each byte satisfies a predicate.
    mutating func removePrefix(while predicate: (UInt8) -> Bool) -> Self {
        let prefix = prefix(while: predicate)
        self = self[prefix.endIndex...]
        return prefix
    }
}
