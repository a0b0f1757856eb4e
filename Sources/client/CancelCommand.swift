import ArgumentParser
import UploadClient

struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Drop what the server holds of a file's upload.")

    @Argument(help: "The file being uploaded.", completion: .file())
    var file: String

    @OptionGroup var business: BusinessOptions

    func run() async throws {
        try await Sentence.onFailure {
            try await business.control { try await $0.change(file, to: .cancel) }
            Sentence.say("the upload of \(file) is cancelled")
        }
    }
}
