/// Gives every business server the name its tasks are stored under.
struct BusinessServerNaming {
    private(set) var servers: [ServerConfiguration.BusinessServer]
    private(set) var warnings: [String] = []
    private(set) var faults: [ConfigurationFault] = []

    init(_ servers: [ServerConfiguration.BusinessServer]) {
        self.servers = servers
    }

    /// Fills in missing names and all identities.
    mutating func run() {
        let owners = Dictionary(grouping: servers, by: \.name)
        for index in servers.indices {
            let server = servers[index]
            if server.name.isEmpty {
                servers[index].name = server.distinguished("")
                servers[index].identity = servers[index].name
                warnings.append("bServer.\(server.maskedToken) has no name: \(servers[index].name) stands in for it")
            } else {
                let isUnique = owners[server.name]?.count == 1
                servers[index].identity = isUnique ? server.name : server.distinguished(server.name)
            }
        }
        for (name, sharing) in owners.sorted(by: { $0.key < $1.key }) where !name.isEmpty && sharing.count > 1 {
            warnings.append(
                "\(sharing.count) business servers are named \(Masking.quoted(name)): "
                    + "their tasks are stored under names derived from it, and those stored under it before stay there"
            )
        }
        // A name can be made to look like one derived from another entry.
        if Set(servers.map(\.identity)).count < servers.count {
            faults.append(ConfigurationFault("bServer", "a name equals one derived from another entry: rename it"))
        }
    }
}
