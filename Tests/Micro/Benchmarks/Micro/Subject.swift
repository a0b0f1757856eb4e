/// What a benchmark runs again and again.
struct Subject {
    /// How much one run does.
    enum Amount {
        case bytes(Int)
        case calls(Int)
    }

    let amount: Amount
    /// Throws when the outcome is not the right one: work that is left out is no gain.
    let run: () throws -> Void
}

/// What was done was not what was to be measured.
struct WrongOutcome: Error {}
