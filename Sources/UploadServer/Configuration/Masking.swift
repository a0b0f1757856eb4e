/// What may be shown of values that should not be read by whoever reads the log.
enum Masking {
    /// Stands for a value that is not shown at all.
    static let mask = "••••"

    /// Enough of a token to find it in the file, too little to use it.
    static func token(_ token: String) -> String {
        token.count < 8 ? "…" : "\(oneLine(String(token.prefix(2))))…"
    }

    /// A URL without its query, which may carry a credential.
    static func url(_ text: String) -> String {
        text.firstIndex(of: "?").map { text[..<$0] + "?…" } ?? text
    }

    /// A value found in the configuration, on one line and of limited length.
    static func quoted(_ text: String) -> String {
        // An "@" may end the password of a URL, and a secret may have been put at the wrong key.
        guard !text.contains("@"), !text.contains("whsec_") else { return mask }
        let shown = text.contains("://") ? url(text) : text
        return oneLine(String(reflecting: shown.count > 80 ? "\(shown.prefix(80))…" : shown))
    }

    /// An unknown key. A badly indented file turns tokens into keys, so only what looks like a key is shown. A token may
    /// have dots, and something like a key behind the last one.
    ///
    /// - Parameter suggestion: The known key that the full name of this one is near to.
    static func unknownKey(_ key: String, fullName: String, holdsMap: Bool, suggestion: String?) -> String {
        guard !key.isEmpty else { return "\"\"" }
        guard let suggestion else {
            let looksLikeKey = key.count <= 32 && key.allSatisfy { $0.isASCII && $0.isLetter }
            return looksLikeKey && !holdsMap ? key : token(key)
        }
        guard let dot = key.lastIndex(of: "."), !KeySuggestion.isAlmost(fullName, suggestion) else {
            return oneLine(key)
        }
        return token(String(key[..<dot])) + oneLine(String(key[dot...]))
    }

    /// Text in which no line end or other control character can make one line of a log look like two.
    private static func oneLine(_ text: String) -> String {
        String(text.map { $0.isNewline || $0.unicodeScalars.contains(where: isControl) ? "\u{FFFD}" : $0 })
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .control
    }
}
