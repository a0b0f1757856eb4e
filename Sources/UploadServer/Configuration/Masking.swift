/// What may be shown of values that should not be read by whoever reads the log.
enum Masking {
    /// Stands for a value that is not shown at all.
    static let mask = "••••"

    /// Enough of a token to find it in the file, too little to use it.
    static func token(_ token: String) -> String {
        token.count < 8 ? "…" : "\(token.prefix(2))…"
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
        return String(reflecting: shown.count > 80 ? "\(shown.prefix(80))…" : shown)
    }

    /// An unknown key. A badly indented file turns tokens into keys, so only what looks like a key is shown.
    static func unknownKey(_ key: String, holdsMap: Bool, isNearKnownKey: Bool) -> String {
        let looksLikeKey = key.count <= 32 && key.allSatisfy { $0.isASCII && $0.isLetter }
        return isNearKnownKey || (looksLikeKey && !holdsMap) ? key : token(key)
    }
}
