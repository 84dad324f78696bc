//! Loops that are compiled for every width of vectors; the widest that the machine has runs.

/// What the machine has; in tests that ask for it, what every machine has.
pub(crate) fn arch() -> pulp::Arch {
    #[cfg(test)]
    if tests::ONLY_BASELINE.get() {
        return pulp::Arch::Scalar;
    }
    pulp::Arch::new()
}

/// Defines a function whose body, with all that is always inlined into it, is compiled for every width of vectors.
///
/// Its arguments become a struct because a closure is not sure to be inlined where the wide vectors are.
macro_rules! vectorized {
    (
        $(#[$attribute:meta])*
        fn $name:ident<'a $(, $generic:ident: $bound:ident)*>(
            $($argument:ident: $type:ty),* $(,)?
        ) $(-> $output:ty)? $body:block
    ) => {
        $(#[$attribute])*
        fn $name<'a $(, $generic: $bound)*>($($argument: $type),*) $(-> $output)? {
            struct Body<'a $(, $generic: $bound)*> {
                $($argument: $type,)*
                generics: std::marker::PhantomData<(&'a (), $($generic,)*)>,
            }

            impl<'a $(, $generic: $bound)*> pulp::NullaryFnOnce for Body<'a $(, $generic)*> {
                #[allow(unused_parens)]
                type Output = ($($output)?);

                #[inline(always)]
                fn call(self) -> Self::Output {
                    let Self { $($argument,)* generics: _ } = self;
                    $body
                }
            }

            $crate::vector::arch().dispatch(Body { $($argument,)* generics: std::marker::PhantomData })
        }
    };
}
pub(crate) use vectorized;

#[cfg(test)]
pub(crate) mod tests {
    use std::cell::Cell;

    thread_local! {
        /// Whether this thread does without what the machine has beyond the baseline.
        pub(crate) static ONLY_BASELINE: Cell<bool> = const { Cell::new(false) };
    }

    /// Runs `body` with all vectors and then with those of the baseline, on this thread alone as long as no loop is
    /// long enough for others.
    pub(crate) fn at_both_levels<R>(body: impl Fn() -> R) -> [R; 2] {
        let wide = body();
        ONLY_BASELINE.set(true);
        let narrow = body();
        ONLY_BASELINE.set(false);
        [wide, narrow]
    }
}
