import Yams

/// The YAML file as flat keys, with what was wrong with its shape. Values are still text.
struct ConfigurationFile {
    /// Values by key, level by level: `["server", "port"]`, `["bServer", token, "name"]`.
    private(set) var values: [[String]: String] = [:]
    /// The tokens of the business servers in the order of the file, without duplicates.
    private(set) var tokens: [String] = []
    /// Where values and entries stand.
    private var lines: [[String]: Int] = [:]
    private(set) var faults: [ConfigurationFault] = []
    private(set) var warnings: [String] = []

    private typealias ServerKey = ConfigurationKey<ServerConfiguration>
    private typealias EntryKey = ConfigurationKey<ServerConfiguration.BusinessServer>

    /// What the predecessor's files may hold and nothing here reads.
    private static let ignored = [
        "mysqlDB": "mysqlDB is ignored: SQLite serves here",
        "cacheAddr": "cacheAddr is ignored: SQLite serves here",
    ]

    private let name: String

    /// Reads a whole file.
    ///
    /// - Parameter name: What faults of the file as a whole are reported under.
    /// - Throws: The one fault that keeps the text from being a configuration at all.
    init(yaml: String, name: String) throws(ConfigurationFault) {
        self.name = name
        // A file of comments alone has no root, and is as good as an empty map.
        guard let root = try YAMLDocument.root(of: yaml, name: name), !root.isNull else { return }
        guard let pairs = root.mapping else {
            throw ConfigurationFault(name, "is not a map of keys and values", at: root.place)
        }
        readRoot(pairs)
    }

    /// Where a value, or the entry of a business server, stands in the file.
    func place(of key: [String]) -> String? {
        lines[key].map { "line \($0)" }
    }

    private mutating func readRoot(_ pairs: Node.Mapping) {
        let names = ServerKey.all.map(\.name)
        let sections = Set(ServerKey.all.filter { $0.components.count > 1 }.map { $0.components[0] })
        for (key, value) in pairs {
            guard let name = scalarKey(key) else { continue }
            if let warning = Self.ignored[name] {
                warnings.append(warning)
            } else if name == EntryKey.section {
                readServers(value)
            } else if sections.contains(name) {
                readSection([name], value)
            } else if let setting = ServerKey.all.first(where: { $0.name == name }) {
                readValue(value, at: [name], shownAs: name, setting, blank: ServerConfiguration())
            } else {
                let known = names + sections + [EntryKey.section]
                faults.append(.unknown(name, holdsMap: value.mapping != nil, known: known, at: key.place))
            }
        }
    }

    private mutating func readSection(_ section: [String], _ node: Node) {
        let shown = section.joined(separator: ".")
        guard let pairs = map(node, shownAs: shown) else { return }
        for (key, value) in pairs {
            guard let name = scalarKey(key) else { continue }
            let path = section + [name]
            if let setting = ServerKey.all.first(where: { $0.components == path }) {
                readValue(value, at: path, shownAs: setting.name, setting, blank: ServerConfiguration())
            } else if ServerKey.all.contains(where: { $0.components.starts(with: path) }) {
                readSection(path, value)
            } else {
                let known = ServerKey.all.map(\.name)
                faults.append(
                    .unknown(name, under: "\(shown).", holdsMap: value.mapping != nil, known: known, at: key.place)
                )
            }
        }
    }

    private mutating func readServers(_ node: Node) {
        guard let entries = map(node, shownAs: EntryKey.section) else { return }
        for (key, value) in entries {
            guard let entryKey = scalarKey(key) else { continue }
            let shown = "\(EntryKey.section).\(Masking.token(entryKey))"
            guard let pairs = map(value, shownAs: shown) else { continue }
            // The predecessor's older files have a name here, and the token inside.
            let tokenNode = pairs["token"]
            if let tokenNode, tokenNode.scalar == nil || tokenNode.isNull {
                faults.append(ConfigurationFault("\(shown).token", "is not a token: text", at: tokenNode.place))
                continue
            }
            let token = tokenNode?.scalar?.string ?? entryKey
            guard !token.isEmpty else {
                faults.append(ConfigurationFault(shown, "the token is empty", at: key.place))
                continue
            }
            guard !tokens.contains(token) else {
                faults.append(ConfigurationFault(shown, "another entry has the same token", at: key.place))
                continue
            }
            tokens.append(token)
            lines[[EntryKey.section, token]] = key.mark?.line
            if tokenNode != nil {
                values[[EntryKey.section, token, "name"]] = entryKey
                lines[[EntryKey.section, token, "name"]] = key.mark?.line
            }
            readEntry(pairs, token: token)
        }
    }

    private mutating func readEntry(_ pairs: Node.Mapping, token: String) {
        let shown = "\(EntryKey.section).\(Masking.token(token))."
        for (key, value) in pairs {
            guard let name = scalarKey(key), name != "token" else { continue }
            if let setting = EntryKey.all.first(where: { $0.name == name }) {
                let blank = ServerConfiguration.BusinessServer(token: token)
                readValue(value, at: [EntryKey.section, token, name], shownAs: shown + name, setting, blank: blank)
            } else {
                let known = EntryKey.all.map(\.name)
                faults.append(
                    .unknown(name, under: shown, holdsMap: value.mapping != nil, known: known, at: key.place)
                )
            }
        }
    }

    /// Takes a value over, unless it is no single value or is left out where an empty one would mean something else.
    private mutating func readValue<Root>(
        _ node: Node, at path: [String], shownAs shown: String, _ setting: ConfigurationKey<Root>, blank: Root
    ) {
        guard let scalar = node.scalar else {
            faults.append(ConfigurationFault(shown, "a map or list is not \(setting.allowed)", at: node.place))
            return
        }
        guard !node.isNull || setting.text(blank).isEmpty else {
            faults.append(ConfigurationFault(shown, "has no value: it is \(setting.allowed)", at: node.place))
            return
        }
        values[path] = node.isNull ? "" : scalar.string
        lines[path] = scalar.mark?.line
    }

    /// The pairs of a map. A section whose lines are all comments is null, and counts as an empty map.
    private mutating func map(_ node: Node, shownAs shown: String) -> Node.Mapping? {
        if let pairs = node.mapping { return pairs }
        if !node.isNull {
            faults.append(ConfigurationFault(shown, "is not a map of keys and values", at: node.place))
        }
        return nil
    }

    private mutating func scalarKey(_ node: Node) -> String? {
        if let scalar = node.scalar { return scalar.string }
        faults.append(ConfigurationFault(name, "a map or list is used as a key", at: node.place))
        return nil
    }
}
