import GRDB
import UploadCore

/// Why a command can't do its work with a database file.
public enum DatabaseFileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// It could not be looked at: it is not there, may not be read, is in use. One sentence.
    case unavailable(String)
    /// It is no database, or another program's.
    case foreign(path: String)
    /// A newer version of this program has been at it: these migrations are unknown.
    case newer(path: String, unknown: [String])
    /// It is not sound; in SQLite's words.
    case damaged(path: String, words: String)
    /// What was to be made of it could not be written. One sentence.
    case failed(String)

    /// One sentence that names the file.
    public var description: String {
        switch self {
        case .unavailable(let sentence), .failed(let sentence): sentence
        case .foreign(let path): "\(path) is no database of fuploadServer"
        case .newer(let path, let unknown):
            "\(path) has a newer schema than this program knows (\(unknown.joined(separator: ", "))): use the newer program"
        case .damaged(let path, let words): "\(path) is damaged: \(words.replacing("\n", with: " "))"
        }
    }

    /// - Parameter path: the file that was worked with.
    init(translating error: any Error, path: String) {
        switch error {
        case let error as DatabaseFileError:
            self = error
        case let error as DatabaseError where error.resultCode == .SQLITE_NOTADB:
            self = .foreign(path: path)
        case let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT:
            self = .damaged(path: path, words: error.message ?? "\(error.resultCode)")
        case let error as DatabaseError where error.needsToWrite:
            self = .unavailable(
                "\(path) can't be opened: \(error.message ?? "\(error.resultCode)"): run this as the user that the server "
                    + "runs as")
        case let error as DatabaseError:
            self = .unavailable("\(path) can't be used: \(error.message ?? "\(error.resultCode)")")
        default:
            self = .unavailable("\(path) can't be used: \(error)")
        }
    }
}
