/// A header value of the form `head; name=value; name="quoted value"`.
///
/// The names of parameters are kept in lower case. White space around `;` and `=`, and empty parameters, are tolerated.
/// A value that is not quoted runs to the next white space or `;`. A parameter that comes twice makes the whole value
/// invalid: two readers of it could disagree on which counts.
struct ParameterizedValue {
    /// What comes before the first `;`, in lower case.
    let head: String
    let parameters: [String: String]

    /// Parses a value, `nil` if it is against the grammar.
    init?(_ field: Substring.UTF8View) {
        head = Self.head(of: field)
        var rest = field.drop { $0 != .semicolon }
        var parameters: [String: String] = [:]
        while rest.popFirst() == .semicolon {
            _ = rest.removePrefix(while: \.isWhiteSpace)
            if rest.isEmpty || rest.first == .semicolon { continue }
            guard let (name, value) = Self.parameter(&rest), parameters.updateValue(value, forKey: name) == nil else {
                return nil
            }
            _ = rest.removePrefix(while: \.isWhiteSpace)
            guard rest.isEmpty || rest.first == .semicolon else { return nil }
        }
        self.parameters = parameters
    }

    /// What comes before the first `;`, in lower case; it can be read even if the rest is invalid.
    static func head(of field: Substring.UTF8View) -> String {
        Substring(field.prefix { $0 != .semicolon }.trimmed()).lowercased()
    }

    private static func parameter(_ rest: inout Substring.UTF8View) -> (name: String, value: String)? {
        let name = rest.removePrefix(while: \.isTokenCharacter)
        _ = rest.removePrefix(while: \.isWhiteSpace)
        guard !name.isEmpty, rest.popFirst() == .equals else { return nil }
        _ = rest.removePrefix(while: \.isWhiteSpace)
        guard let value = rest.first == .quote ? quoted(&rest) : unquoted(&rest) else { return nil }
        return (Substring(name).lowercased(), value)
    }

    private static func unquoted(_ rest: inout Substring.UTF8View) -> String? {
        let value = rest.removePrefix { !$0.isWhiteSpace && $0 != .semicolon && $0 != .quote }
        return value.isEmpty ? nil : String(Substring(value))
    }

    /// Reads a `quoted-string`, as clients write it.
    ///
    /// A backslash escapes a quote and a backslash; before anything else it stands for itself, because browsers do not
    /// escape it. What they do escape is the quote, as `%22`. Their `%0D` and `%0A` are left as they are, so that no
    /// line end can get into a name.
    ///
    /// Source: [HTML, multipart/form-data encoding](https://html.spec.whatwg.org/multipage/#multipart-form-data).
    private static func quoted(_ rest: inout Substring.UTF8View) -> String? {
        rest.removeFirst()
        var value: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case .quote:
                return String(decoding: value, as: UTF8.self)
            case .backslash where rest.first == .quote || rest.first == .backslash:
                value.append(rest.removeFirst())
            case UInt8(ascii: "%") where rest.starts(with: "22".utf8):
                rest.removeFirst(2)
                value.append(.quote)
            default:
                value.append(byte)
            }
        }
        return nil
    }
}
