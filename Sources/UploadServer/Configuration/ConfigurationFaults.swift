/// Why a configuration cannot be used: every fault found, not just the first.
public struct ConfigurationFaults: Error, Sendable, Equatable, CustomStringConvertible {
    /// The faults in the order they were found; never empty.
    public let faults: [ConfigurationFault]

    /// A headline and one line for each fault, without secrets or tokens.
    public var description: String {
        let count = faults.count == 1 ? "a fault" : "\(faults.count) faults"
        return (["the configuration has \(count):"] + faults.map(\.description)).joined(separator: "\n  ")
    }
}

/// One fault in a configuration. None of its texts contains a secret or a token.
public struct ConfigurationFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// The key at fault, tokens masked, or the path of the file.
    public let key: String
    /// What was found and what is allowed.
    public let problem: String
    /// Where it was found: a line of the file, an environment variable, or a flag.
    public let place: String?

    init(_ key: String, _ problem: String, at place: String? = nil) {
        self.key = key
        self.problem = problem
        self.place = place
    }

    /// The fault as one line.
    public var description: String {
        "\(key): \(problem)" + (place.map { " (\($0))" } ?? "")
    }
}

extension ConfigurationFault {
    /// A value that its key does not allow.
    static func value(_ text: String, of key: String, isSecret: Bool, allowed: String, at place: String?) -> Self {
        Self(key, "\(isSecret ? Masking.mask : Masking.quoted(text)) is not \(allowed)", at: place)
    }

    /// A key that nothing reads.
    ///
    /// - Parameters:
    ///   - key: The key's own name.
    ///   - prefix: What leads to it, tokens masked already.
    ///   - known: The full names of the keys that might have been meant.
    static func unknown(
        _ key: String, under prefix: String = "", holdsMap: Bool = false, known: [String], at place: String?
    ) -> Self {
        let suggestion = KeySuggestion.nearest(to: prefix + key, among: known)
        let shown = Masking.unknownKey(key, fullName: prefix + key, holdsMap: holdsMap, suggestion: suggestion)
        return Self(prefix + shown, "unknown key" + (suggestion.map { "; did you mean \($0)?" } ?? ""), at: place)
    }
}
