/// How values of one kind are written in a configuration.
struct ValueFormat<Value: Sendable>: Sendable {
    /// What is allowed, worded to follow "is not".
    let allowed: String
    /// Reads the written form; nil if it is not allowed.
    let parse: @Sendable (String) -> Value?
    /// Writes a value so that ``parse`` reads it back.
    let render: @Sendable (Value) -> String
}

extension ValueFormat where Value == String {
    /// Any text on one line, none included.
    static func text(_ allowed: String) -> Self {
        Self(allowed: allowed, parse: { isPrintable($0) ? $0 : nil }, render: { $0 })
    }

    /// Text on one line that is not empty.
    static func nonEmpty(_ allowed: String) -> Self {
        Self(allowed: allowed, parse: { !$0.isEmpty && isPrintable($0) ? $0 : nil }, render: { $0 })
    }

    /// One of the given words, in any letter case.
    static func word(_ noun: String, of words: [String]) -> Self {
        Self(
            allowed: "\(noun): one of \(words.joined(separator: ", "))",
            parse: { text in words.first { $0 == text.lowercased() } },
            render: { $0 }
        )
    }

    private static func isPrintable(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }
}

extension ValueFormat where Value == Int {
    /// A whole number in a range.
    static func wholeNumber(_ noun: String? = nil, in range: ClosedRange<Int>) -> Self {
        Self(
            allowed: (noun.map { "\($0): " } ?? "") + "a whole number from \(range.lowerBound) to \(range.upperBound)",
            parse: { text in Int(text).flatMap { range.contains($0) ? $0 : nil } },
            render: { String($0) }
        )
    }
}

extension ValueFormat where Value == Bool {
    /// A switch.
    static var boolean: Self {
        Self(
            allowed: "a switch: true or false, yes or no, on or off",
            parse: { text in
                switch text.lowercased() {
                case "true", "yes", "on": true
                case "false", "no", "off": false
                default: nil
                }
            },
            render: { $0 ? "true" : "false" }
        )
    }
}

extension ValueFormat where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One of an enumeration's raw values, in any letter case.
    static func oneOf(_ noun: String) -> Self {
        Self(
            allowed: "\(noun): one of " + Value.allCases.map(\.rawValue).joined(separator: ", "),
            parse: { Value(rawValue: $0.lowercased()) },
            render: { $0.rawValue }
        )
    }
}

extension ValueFormat where Value == WebhookSecret? {
    /// A signing key. It is never written out.
    static var secret: Self {
        Self(
            allowed: "a webhook secret: whsec_ and the base64 of 24 to 64 bytes",
            parse: { text in WebhookSecret(text).map { .some($0) } },
            render: { $0?.description ?? "" }
        )
    }
}
