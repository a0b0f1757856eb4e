/// What may be shown of values that should not be read by whoever reads the log.
enum Masking {
    /// Stands for a value that is not shown at all.
    static let mask = "••••"

    /// Enough of a token to find it in the file, too little to use it.
    static func token(_ token: String) -> String {
        token.count < 8 ? "…" : "\(oneLine(String(token.prefix(2))))…"
    }

    /// A value found in the configuration, on one line and of limited length.
    static func quoted(_ text: String) -> String {
        // An "@" may end the password of a URL, and a secret may have been put at the wrong key.
        guard !text.contains("@"), !text.contains("whsec_") else { return mask }
        return oneLine(String(reflecting: text.count > 80 ? "\(text.prefix(80))…" : text))
    }

    /// An unknown key. A badly indented file turns tokens into keys, so only what looks like a key is shown. Of a key
    /// with dots that is the part behind the last one, where it is near a known key: a token may have dots too.
    static func unknownKey(_ key: String, holdsMap: Bool, isNearKnownKey: Bool) -> String {
        guard !key.isEmpty else { return "\"\"" }
        guard isNearKnownKey else {
            let looksLikeKey = key.count <= 32 && key.allSatisfy { $0.isASCII && $0.isLetter }
            return looksLikeKey && !holdsMap ? key : token(key)
        }
        guard let dot = key.lastIndex(of: ".") else { return oneLine(key) }
        let section = String(key[..<dot])
        let isKnown = ConfigurationKey<ServerConfiguration>.all.contains { $0.name.hasPrefix("\(section).") }
        return "\(isKnown ? section : token(section))\(oneLine(String(key[dot...])))"
    }

    /// Text in which no line end or other control character can make one line of a log look like two.
    private static func oneLine(_ text: String) -> String {
        String(text.map { $0.isNewline || $0.unicodeScalars.contains(where: isControl) ? "\u{FFFD}" : $0 })
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .control
    }
}
