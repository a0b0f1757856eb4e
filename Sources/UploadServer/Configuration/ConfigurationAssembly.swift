/// Puts a configuration together from its layers, and collects everything wrong with it on the way.
struct ConfigurationAssembly {
    private typealias ServerKey = ConfigurationKey<ServerConfiguration>
    private typealias EntryKey = ConfigurationKey<ServerConfiguration.BusinessServer>

    private let file: ConfigurationFile
    private let environment: [String: String]
    private let layers: ConfigurationLayers
    /// Tokens of the business servers, sorted.
    private let tokens: [String]

    private var configuration = ServerConfiguration()
    private var settings: [EffectiveSetting] = []
    private var faults: [ConfigurationFault]
    private var warnings: [String]

    init(file: ConfigurationFile, environment: [String: String], flags: [String: String]) {
        let parsed = ConfigurationFlags(flags)
        self.file = file
        self.environment = environment
        layers = ConfigurationLayers(
            flags: parsed.values, environment: environment, file: file.values
        )
        tokens = Set(file.tokens).union(parsed.tokens).sorted()
        faults = file.faults + parsed.faults
        warnings = file.warnings
    }

    /// Takes every setting but the business servers.
    mutating func readSettings() {
        let section = layers.section([])
        var filled = configuration
        for key in ServerKey.all {
            read(key, from: section, under: [], shownUnder: "", into: &filled)
        }
        configuration = filled
        if configuration.tlsCertificate.isEmpty != configuration.tlsKey.isEmpty {
            let missing = configuration.tlsKey.isEmpty ? "key" : "certificate"
            faults.append(ConfigurationFault("server.tls.\(missing)", "is missing: certificate and key go together"))
        }
        if !configuration.tlsCertificate.isEmpty, configuration.proxyAddress.isEmpty,
            !configuration.address.lowercased().hasPrefix("https://")
        {
            warnings.append("server.addr is no https:// URL though server.tls is set: clients are told URLs that fail")
        }
        if !configuration.adminHost.isEmpty, !configuration.isAdminLocal, configuration.adminToken == nil {
            faults.append(
                ConfigurationFault("admin.token", "is missing: it is needed where admin.host is no loopback address"))
        }
        if configuration.storeDirectory.isEmpty {
            warnings.append("storeDir is \"\": business servers may have files written anywhere this user may write")
        }
    }

    /// Takes the business servers and names those that share a name or have none.
    mutating func readBusinessServers() {
        var servers = tokens.map { ServerConfiguration.BusinessServer(token: $0) }
        for index in servers.indices {
            let path = [EntryKey.section, servers[index].token]
            let shown = "\(EntryKey.section).\(servers[index].maskedToken)."
            let section = layers.section(path)
            for key in EntryKey.all {
                read(key, from: section, under: path, shownUnder: shown, into: &servers[index])
            }
        }
        var naming = BusinessServerNaming(servers)
        naming.run()
        warnings += naming.warnings
        faults += naming.faults
        configuration.businessServers = naming.servers
        if servers.isEmpty {
            faults.append(ConfigurationFault(EntryKey.section, "at least one business server is needed"))
        }
    }

    /// Looks for variables that nothing reads, and for those that two business servers would both read.
    mutating func checkVariables() {
        let entries = tokens.flatMap { token in
            EntryKey.all.compactMap { layers.variable(for: [EntryKey.section, token] + $0.components) }
        }
        for (variable, readers) in Dictionary(grouping: entries, by: \.self)
        where readers.count > 1 && environment[variable] != nil {
            faults.append(
                ConfigurationFault(
                    EntryKey.section,
                    "two tokens look the same in the names of environment variables, and one is set: use the file",
                    at: "environment"
                )
            )
        }
        let known = Set(entries + ServerKey.all.compactMap { layers.variable(for: $0.components) })
        let serverPrefix = "\(ConfigurationLayers.variablePrefix)B_SERVER_"
        for name in environment.keys.sorted()
        where name.hasPrefix(ConfigurationLayers.variablePrefix) && !known.contains(name) {
            // What follows this prefix may be a token.
            let shown = name.hasPrefix(serverPrefix) ? "\(serverPrefix)…" : name
            warnings.append("environment variable \(shown) sets nothing")
        }
    }

    /// - Throws: Every fault found, if there is any.
    func result() throws(ConfigurationFaults) -> LoadedConfiguration {
        guard faults.isEmpty else { throw ConfigurationFaults(faults: faults) }
        return LoadedConfiguration(configuration: configuration, warnings: warnings, settings: settings)
    }

    private mutating func read<Root>(
        _ key: ConfigurationKey<Root>,
        from section: ConfigurationLayers.Section,
        under path: [String],
        shownUnder prefix: String,
        into root: inout Root
    ) {
        let found = section.value(of: key.components, isSecret: key.isSecret)
        guard found != nil || !key.isRequired else {
            faults.append(
                ConfigurationFault(prefix + key.name, "is missing: it is \(key.allowed)", at: file.place(of: path))
            )
            return
        }
        let place = found.flatMap {
            self.place(of: path + key.components, source: $0.source, isBelowToken: !path.isEmpty)
        }
        if let found, !key.assign(found.text, &root) {
            faults.append(
                .value(found.text, of: prefix + key.name, isSecret: key.isSecret, allowed: key.allowed, at: place)
            )
            return
        }
        settings.append(
            EffectiveSetting(
                key: prefix + key.name, value: key.text(root), source: found?.source ?? .default, place: place)
        )
    }

    private func place(of key: [String], source: ConfigurationSource, isBelowToken: Bool) -> String? {
        switch source {
        case .flag: "flag"
        case .environment: isBelowToken ? "environment" : layers.variable(for: key)
        case .file: file.place(of: key)
        case .default: nil
        }
    }
}
