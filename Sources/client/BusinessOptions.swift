import ArgumentParser
import Foundation
import UploadClient

/// What every subcommand must know: which business server the upload belongs to.
struct BusinessOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Base URL of the business server.", valueName: "url"))
    var business = "http://127.0.0.1:8090"

    func validate() throws {
        guard HTTPAddress.isAbsolute(business) else {
            throw ValidationError("--business must be an http or https URL, not '\(business)'.")
        }
    }

    var store: ResumeStore { ResumeStore(environment: ProcessInfo.processInfo.environment) }

    /// Runs one call about an upload that is remembered.
    func control<Result: Sendable>(_ body: (UploadControl) async throws -> Result) async throws -> Result {
        try await WireClient.run(connections: 1) { wire in
            try await body(UploadControl(wire: wire, businessURL: business, store: store))
        }
    }
}
