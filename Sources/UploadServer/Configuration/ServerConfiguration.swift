import UploadCore
import UploadHTTP

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
    /// PEM file with the certificate chain for TLS on the port, the server's own first; empty for plain HTTP.
    public var tlsCertificate = ""
    /// PEM file with the certificate's private key; empty exactly when ``tlsCertificate`` is.
    public var tlsKey = ""
    /// Whose web pages may use the block API.
    public var allowedOrigins = AllowedOrigins.nobody
    /// Address to listen on for operators; empty for no such listener.
    public var adminHost = "127.0.0.1"
    /// TCP port to listen on for operators; 0 takes any free one.
    public var adminPort = 9090
    /// What operators' programs have to present; nil where ``adminHost`` is a loopback address and all of them may ask.
    public var adminToken: AdminToken?
    /// Addresses whose `X-Forwarded-For`, `-Proto` and `-Host` are believed.
    public var trustedProxies: [IPNetwork] = []
    /// Connections at once, 1 or more; one beyond them is answered 503 and closed.
    public var maxConnections = 8192
    /// How long a request's head may take to come, counted from its first byte; above zero.
    public var headerTimeout = Duration.seconds(10)
    /// Bytes a second that a body must come with at least, measured over ``minRateWindow``; 0 sets no limit.
    public var minRate = 1 << 10
    /// The window that ``minRate`` is measured over; above zero.
    public var minRateWindow = Duration.seconds(30)
    /// New tasks a second and token, with as many at once; nil sets no limit.
    public var registrationsPerToken: Int?
    /// New tasks a second and client address, with as many at once; nil sets no limit.
    public var registrationsPerAddress: Int?
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
    /// Open tasks of one business server at once; nil sets no limit.
    public var maxOpenTasks: Int?
    /// Bytes that stay free on the disks of ``tmpDirectory`` and ``storeDirectory`` when all open tasks are complete.
    public var minFreeSpace = 1 << 20
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
    /// PEM file with the certificates that a receiver's has to lead to; empty for those of the system.
    public var callbackCAFile = ""
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
