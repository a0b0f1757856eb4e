import Foundation
import Testing
import UploadTestSupport

/// Callbacks to https receivers.
@Suite(.contract)
struct CallbackTLSTests {
    private let file = TestFile(size: 1000, seed: 1)

    /// Finishes an upload whose callback goes to a receiver with this certificate.
    private func deliver(
        to identity: TestCA.Identity, in bed: TestBed, trusting caFile: String,
        _ check: (RecordingReceiver, UploadHandle) async throws -> Void
    ) async throws {
        let receiver = try RecordingReceiver(identity)
        try await receiver.start()
        do {
            try await bed.server.start(overrides: [
                "bServer.\(TestBed.token).notifyUrl=\(receiver.url("/one"))", "callbackCaFile=\(caFile)",
            ])
            let upload = try await bed.server.register(file)
            try await upload.sendAll(file)
            try await check(receiver, upload)
        } catch {
            await end(receiver, in: bed)
            throw error
        }
        await end(receiver, in: bed)
    }

    /// The server first: it would go on trying to deliver.
    private func end(_ receiver: RecordingReceiver, in bed: TestBed) async {
        await bed.server.process?.end()
        await receiver.stop()
    }

    /// Why attempts failed, once there are some.
    private func reasons(_ bed: TestBed) async throws -> String {
        try await eventually("a failed attempt") {
            let errors = try await bed.server.sqlite("SELECT DISTINCT error FROM callback_attempts")
            return errors.isEmpty ? nil : errors
        }
    }

    @Test func aReceiverOfOnesOwnAuthorityIsDeliveredTo() async throws {
        try await TestBed.run(startsServer: false) { bed in
            let ca = try await TestCA(in: bed.folder)
            try await deliver(to: try await ca.issue("receiver"), in: bed, trusting: ca.certificate) {
                receiver, upload in
                let callback = try await receiver.callback(for: upload.id)
                #expect(callback.retCode == "0")
            }
        }
    }

    @Test func oneThatTheSystemDoesNotKnowIsNot() async throws {
        try await TestBed.run(startsServer: false) { bed in
            let ca = try await TestCA(in: bed.folder)
            try await deliver(to: try await ca.issue("receiver"), in: bed, trusting: "") { receiver, _ in
                let found = try await reasons(bed)
                #expect(found == "TLS: the certificate is not trusted, or not valid at this time")
                #expect(receiver.recorded.value.isEmpty)
            }
        }
    }

    @Test func oneOfAnotherAuthorityIsNot() async throws {
        try await TestBed.run(startsServer: false) { bed in
            let ca = try await TestCA(in: bed.folder)
            let other = try await TestCA(in: bed.folder, name: "other")
            try await deliver(to: try await ca.issue("receiver"), in: bed, trusting: other.certificate) { receiver, _ in
                let found = try await reasons(bed)
                #expect(found == "TLS: the certificate is not trusted, or not valid at this time")
                #expect(receiver.recorded.value.isEmpty)
            }
        }
    }

    @Test(arguments: ["DNS:files.example", "IP:127.0.0.2", "DNS:127.0.0.1"])
    func oneForAnotherHostIsNot(hosts: String) async throws {
        try await TestBed.run(startsServer: false) { bed in
            let ca = try await TestCA(in: bed.folder)
            let identity = try await ca.issue("receiver", for: hosts)
            try await deliver(to: identity, in: bed, trusting: ca.certificate) { receiver, _ in
                let found = try await reasons(bed)
                #expect(found == "TLS: the certificate is not for this host")
                #expect(receiver.recorded.value.isEmpty)
            }
        }
    }

    @Test func anExpiredOneIsNot() async throws {
        try await TestBed.run(startsServer: false) { bed in
            let ca = try await TestCA(in: bed.folder)
            let identity = try await ca.issue("receiver", days: -1)
            try await deliver(to: identity, in: bed, trusting: ca.certificate) { receiver, _ in
                let found = try await reasons(bed)
                #expect(found == "TLS: the certificate is not trusted, or not valid at this time")
                #expect(receiver.recorded.value.isEmpty)
            }
        }
    }

    @Test func aBrokenFileKeepsTheServerFromStarting() async throws {
        try await TestBed.run(startsServer: false) { bed in
            let ca = try await TestCA(in: bed.folder)
            let key = try await ca.issue("receiver").key
            for (path, problem) in [(key, "holds no certificate in PEM"), (bed.folder + "/none", "is not there")] {
                let process = bed.own(try bed.server.launch(overrides: ["callbackCaFile=\(path)"]))
                #expect(try await process.waitForExit() == .code(1))
                #expect(process.output.value.errorText.contains("callbackCaFile: the file \(path) \(problem)"))
            }
        }
    }
}
