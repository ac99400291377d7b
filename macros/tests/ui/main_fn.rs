//! What cannot be a program's root.

use rendez::Outcome;

mod not_async {
    #[rendez::main]
    fn main() -> super::Outcome {
        Ok(())
    }
}

mod with_arguments {
    #[rendez::main]
    async fn main(arguments: Vec<String>) -> super::Outcome {
        Ok(())
    }
}

mod unknown_word {
    #[rendez::main(log)]
    async fn main() -> super::Outcome {
        Ok(())
    }
}

mod with_a_value {
    #[rendez::main(quiet = true)]
    async fn main() -> super::Outcome {
        Ok(())
    }
}

#[rendez::main]
async fn main() -> Outcome {
    rendez::after(std::time::Duration::ZERO).await;
}
