/// Everything an operator can set. A fresh value holds the defaults; ``ConfigurationLoader`` fills in the rest.
public struct ServerConfiguration: Sendable, Equatable {
    /// Name of this deployment, for logs.
    public var environment = "pro"
    /// Address to listen on.
    public var host = "0.0.0.0"
    /// TCP port to listen on; 0 takes any free one.
    public var port = 8080
    /// Scheme and host that clients are told, without a trailing slash; the port is to be appended.
    public var address = "http://127.0.0.1"
    /// What clients are told instead of ``address`` and port, without a trailing slash; empty when unused.
    public var proxyAddress = ""
    /// Path of the SQLite file; never empty.
    public var database = "data/fupload.sqlite"
    /// Whether every block must carry its MD5 and is checked against it.
    public var checkPartMD5 = true
    /// Folder for unfinished files; never empty.
    public var tmpDirectory = "/tmp/resource/"
    /// Folder in which every finished file must lie; empty sets no limit.
    public var storeDirectory = "/tmp/business"
    /// How long an upload may go without a block; above zero.
    public var taskTimeout = Duration.seconds(3600)
    /// How long a paused task is kept; above zero.
    public var pausedTimeout = Duration.seconds(7 * 86_400)
    /// How long the record of a closed task is kept.
    public var retention = Duration.seconds(30 * 86_400)
    /// Largest file accepted, in bytes; nil sets no limit.
    public var maxFileSize: Int64?
    /// Largest block accepted, in bytes; nil sets no limit.
    public var maxBlockSize: Int64?
    /// Largest JSON body accepted, in bytes.
    public var maxRequestBody = 1 << 20
    /// Threads that do blocking file work, 1 to 256.
    public var ioThreads = 8
    /// Pauses between attempts to deliver a callback; never empty, the last one repeats.
    public var callbackSchedule: [Duration] = [5, 30, 120, 600, 1800, 3600, 7200, 14_400].map { .seconds($0) }
    /// How long a callback is tried before it is given up; above zero.
    public var callbackGiveUpAfter = Duration.seconds(3 * 86_400)
    /// Time limit of one attempt to deliver a callback; above zero.
    public var callbackTimeout = Duration.seconds(15)
    /// Callback attempts at once for each business server, 1 to 1024.
    public var callbackConcurrency = 8
    /// How log lines are written.
    public var logFormat = LogFormat.human
    /// Least severe level that is logged: one of swift-log's level names, in lower case.
    public var logLevel = "info"
    /// How long requests other than incoming blocks, which are cut, may take to end once the server was told to stop.
    public var shutdownTimeout = Duration.seconds(8)
    /// Who may create tasks, sorted by token; never empty after loading.
    public var businessServers: [BusinessServer] = []

    /// The defaults, with no business server.
    public init() {}

    /// How log lines are written.
    public enum LogFormat: String, Sendable, CaseIterable {
        /// For reading at a terminal.
        case human
        /// One JSON object a line, for collectors.
        case json
    }
}
