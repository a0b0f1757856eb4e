import ArgumentParser
import UploadClient

struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Let a paused upload go on; its blocks are sent by `client <file>`.")

    @Argument(help: "The file being uploaded.", completion: .file())
    var file: String

    @OptionGroup var business: BusinessOptions

    func run() async throws {
        try await Sentence.onFailure {
            try await business.control { try await $0.change(file, to: .upload) }
            Sentence.say("the upload of \(file) may go on; run `client \(file)` unless it is running")
        }
    }
}
