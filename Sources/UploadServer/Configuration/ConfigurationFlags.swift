/// Values given on the command line, sorted out by key.
struct ConfigurationFlags {
    /// Values by key, level by level.
    private(set) var values: [[String]: String] = [:]
    /// The tokens of the business servers that flags name.
    private(set) var tokens: Set<String> = []
    private(set) var faults: [ConfigurationFault] = []

    private typealias ServerKey = ConfigurationKey<ServerConfiguration>
    private typealias EntryKey = ConfigurationKey<ServerConfiguration.BusinessServer>

    /// - Parameter flags: Values by key, levels separated by dots.
    init(_ flags: [String: String]) {
        let serverPrefix = "\(EntryKey.section)."
        for (name, text) in flags.sorted(by: { $0.key < $1.key }) {
            if name.hasPrefix(serverPrefix) {
                readEntry(String(name.dropFirst(serverPrefix.count)), text)
            } else if let key = ServerKey.all.first(where: { $0.name == name }) {
                values[key.components] = text
            } else {
                faults.append(.unknown(name, known: ServerKey.all.map(\.name), at: "flag"))
            }
        }
    }

    /// A token may contain dots; the names of its settings do not.
    private mutating func readEntry(_ rest: String, _ text: String) {
        let token = rest.lastIndex(of: ".").map { String(rest[..<$0]) } ?? ""
        let name = rest.lastIndex(of: ".").map { String(rest[rest.index(after: $0)...]) } ?? ""
        guard !token.isEmpty else {
            let key = "\(EntryKey.section).…"
            let names = EntryKey.all.map(\.name).joined(separator: ", ")
            faults.append(ConfigurationFault(key, "unknown key: a token and one of \(names) must follow", at: "flag"))
            return
        }
        guard EntryKey.all.contains(where: { $0.name == name }) else {
            let prefix = "\(EntryKey.section).\(Masking.token(token))."
            faults.append(.unknown(name, under: prefix, known: EntryKey.all.map(\.name), at: "flag"))
            return
        }
        tokens.insert(token)
        values[[EntryKey.section, token, name]] = text
    }
}
