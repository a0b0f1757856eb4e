/// One setting: its name, where its value goes, and how the value is written.
///
/// `Root` is the type that holds the value: the configuration, or one of its business servers.
struct ConfigurationKey<Root: Sendable>: Sendable {
    /// The name below its section, levels separated by dots.
    let name: String
    /// What is allowed, worded to follow "is not".
    let allowed: String
    /// One sentence for operators.
    let meaning: String
    /// Whether the value must never be shown.
    let isSecret: Bool
    /// Whether there is no default.
    let isRequired: Bool
    /// Stores a value; false if the written form is not allowed.
    let assign: @Sendable (_ text: String, _ root: inout Root) -> Bool
    /// The written form of the value in effect, masked when secret.
    let text: @Sendable (_ root: Root) -> String

    init<Value: Sendable>(
        _ name: String,
        _ path: any WritableKeyPath<Root, Value> & Sendable,
        _ format: ValueFormat<Value>,
        isSecret: Bool = false,
        isRequired: Bool = false,
        _ meaning: String
    ) {
        self.name = name
        self.allowed = format.allowed
        self.meaning = meaning
        self.isSecret = isSecret
        self.isRequired = isRequired
        assign = { text, root in
            guard let value = format.parse(text) else { return false }
            root[keyPath: path] = value
            return true
        }
        text = { format.render($0[keyPath: path]) }
    }

    /// The name level by level.
    var components: [String] { name.split(separator: ".").map { String($0) } }
}

extension ConfigurationKey where Root == ServerConfiguration {
    /// Every setting but the business servers. Defaults are those of a fresh ``ServerConfiguration``.
    static let all: [Self] = [
        Self("env", \.environment, .nonEmpty("a name"), "Name of this deployment, for logs."),
        Self("server.host", \.host, .nonEmpty("an address to listen on"), "Address to listen on."),
        Self("server.port", \.port, .wholeNumber("a port", in: 0...65_535), "Port to listen on; 0 takes any free one."),
        Self("server.addr", \.address, .origin, "What clients are told; the port is appended."),
        Self("server.proxyAddr", \.proxyAddress, .optionalBase, "If set, what clients are told instead, as it is."),
        Self(
            "server.tls.certificate", \.tlsCertificate, .text("a file, or \"\" for plain HTTP"),
            "Certificate chain (PEM)."),
        Self("server.tls.key", \.tlsKey, .text("a file, or \"\" for plain HTTP"), "The certificate's key (PEM)."),
        Self("server.allowedOrigins", \.allowedOrigins, .origins, "Whose web pages may use the block API."),
        Self(
            "admin.host", \.adminHost, .text("an address to listen on, or \"\" for no admin listener"),
            "Address to listen on for operators."),
        Self(
            "admin.port", \.adminPort, .wholeNumber("a port", in: 0...65_535),
            "Port for operators; 0 takes any free one."),
        Self("admin.token", \.adminToken, .adminToken, isSecret: true, "What operators' programs have to present."),
        Self("trustedProxies", \.trustedProxies, .networks, "Whose X-Forwarded headers are believed."),
        Self(
            "maxConnections", \.maxConnections, .wholeNumber(in: 1...1_000_000),
            "Connections at once; one more is answered 503."
        ),
        Self("headerTimeout", \.headerTimeout, .duration, "How long a request's head may take."),
        Self("minRate", \.minRate, .byteCount(in: 0...1 << 30), "Bytes a second that a body must come with."),
        Self("minRateWindow", \.minRateWindow, .duration, "What minRate is measured over."),
        Self("registrationsPerToken", \.registrationsPerToken, .countLimit, "New tasks a second and token."),
        Self("registrationsPerAddress", \.registrationsPerAddress, .countLimit, "New tasks a second and address."),
        Self("database", \.database, .nonEmpty("a path"), "Path of the SQLite file; its folder is made."),
        Self("checkTmpMd5", \.checkPartMD5, .boolean, "Whether every block must carry its MD5 and is checked."),
        Self("tmpDir", \.tmpDirectory, .nonEmpty("a folder"), "Folder for unfinished files."),
        Self(
            "storeDir", \.storeDirectory, .text("a folder, or \"\" for no limit"),
            "Folder that every finished file must lie in."
        ),
        Self("taskTimeout", \.taskTimeout, .duration, "How long an upload may go without a block."),
        Self("pausedTimeout", \.pausedTimeout, .duration, "How long a paused upload is kept."),
        Self("retention", \.retention, .durationOrZero, "How long the record of a closed upload is kept."),
        Self("maxFileSize", \.maxFileSize, .byteLimit, "Largest file; 0 sets no limit."),
        Self("maxBlockSize", \.maxBlockSize, .byteLimit, "Largest block; 0 sets no limit."),
        Self("maxOpenTasks", \.maxOpenTasks, .countLimit, "Open tasks of one business server; 0 sets no limit."),
        Self(
            "minFreeSpace", \.minFreeSpace, .byteCount(in: 0...1 << 50),
            "Bytes that stay free when all open tasks are complete."
        ),
        Self("maxRequestBody", \.maxRequestBody, .byteCount(in: 1 << 10...1 << 30), "Largest JSON body."),
        Self("ioThreads", \.ioThreads, .wholeNumber(in: 1...256), "Threads for file work."),
        Self(
            "callbackSchedule", \.callbackSchedule, .schedule,
            "Pauses between attempts to deliver a callback; the last one repeats."
        ),
        Self("callbackGiveUpAfter", \.callbackGiveUpAfter, .duration, "How long a callback is tried."),
        Self("callbackTimeout", \.callbackTimeout, .duration, "Time limit of one attempt."),
        Self(
            "callbackConcurrency", \.callbackConcurrency, .wholeNumber(in: 1...1024),
            "Attempts at once for each business server."
        ),
        Self("callbackCaFile", \.callbackCAFile, .text("a file, or \"\" for the system's"), "CA certificates (PEM)."),
        Self("logFormat", \.logFormat, .oneOf("a log format"), "human for terminals, json for collectors."),
        Self(
            "logLevel", \.logLevel,
            .word("a log level", of: ["trace", "debug", "info", "notice", "warning", "error", "critical"]),
            "Least severe level that is logged."
        ),
        Self(
            "shutdownTimeout", \.shutdownTimeout, .durationOrZero,
            "How long requests other than incoming blocks may take to end when the server stops."
        ),
    ]
}

extension ConfigurationKey where Root == ServerConfiguration.BusinessServer {
    /// The map that the entries of business servers lie in, keyed by token.
    static var section: String { "bServer" }

    /// The settings of one entry.
    static let all: [Self] = [
        Self("name", \.name, .text("a name on one line"), "What operators call it."),
        Self("notifyUrl", \.notifyURL, .httpURL, isRequired: true, "Where callbacks are sent."),
        Self("secret", \.secret, .secret, isSecret: true, "Key that callbacks are signed with."),
        Self("maxFileSize", \.maxFileSize, .byteLimit, "Largest file; 0 leaves the server's limit."),
        Self("maxBlockSize", \.maxBlockSize, .byteLimit, "Largest block; 0 leaves the server's limit."),
        Self("maxOpenTasks", \.maxOpenTasks, .countLimit, "Open tasks; 0 leaves the server's limit."),
    ]
}
