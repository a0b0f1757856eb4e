import ArgumentParser
import BusinessExample

@main
struct BusinessServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "businessServer",
        abstract: "Example of a business server: opens uploads for clients, and takes the fuploadServer's callbacks.")

    @Option(help: "Address to listen on.")
    var host = "0.0.0.0"

    @Option(help: "Port to listen on; 0 lets the system choose.")
    var port = 8090

    @Option(help: ArgumentHelp("Base URL of the fuploadServer.", valueName: "url"))
    var uploadServer = "http://127.0.0.1:8080"

    @Option(
        help: ArgumentHelp(
            "The same as browsers reach it, for /upload; that of --upload-server if left out.", valueName: "url"))
    var publicUploadServer: String?

    @Option(help: "What the fuploadServer knows this server by.")
    var token = "cp00000010103010301"

    @Option(help: ArgumentHelp("Folder for finished files, on the fuploadServer's machine.", valueName: "path"))
    var storePath = "/tmp/business/"

    @Option(help: ArgumentHelp("Checks callbacks: the secret shared with the fuploadServer.", valueName: "whsec_…"))
    var secret: String?

    @Option(help: ArgumentHelp("Answer 500 to the first callbacks, to see them come again.", valueName: "n"))
    var failCallbacks = 0

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port must be 0 to 65535, not \(port).") }
        guard failCallbacks >= 0 else { throw ValidationError("--fail-callbacks must not be negative.") }
        _ = try verifier()
    }

    func run() async throws {
        let configuration = BusinessConfiguration(
            host: host, port: port, uploadServer: uploadServer, publicUploadServer: publicUploadServer, token: token,
            storePath: storePath, verifier: try verifier(), failCallbacks: failCallbacks)
        try await BusinessServer(configuration: configuration).run()
    }

    private func verifier() throws -> WebhookVerifier? {
        do {
            return try secret.map { try WebhookVerifier(secret: $0) }
        } catch is WebhookVerifier.SecretError {
            throw ValidationError("--secret must be whsec_ followed by base64 of 24 to 64 bytes.")
        }
    }
}
