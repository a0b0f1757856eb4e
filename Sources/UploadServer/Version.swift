import CProcess
import UploadSQLite

/// What is running.
public enum Version {
    /// This server's version.
    public static let number = "0.1.0"

    /// The commit that it was built from.
    public static var commit: String { String(cString: process_build_commit()) }

    /// One line: ours, commit, SQLite's.
    public static var description: String {
        "fuploadServer \(number) (\(commit)), SQLite \(UploadDatabase.libraryVersion)"
    }
}
