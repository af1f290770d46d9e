//! Command lines as programs are really started, and some that only look like it.

use proptest::prelude::*;

use super::*;

fn args(line: &str) -> Vec<String> {
    shlex::split(line).unwrap()
}

/// What a command line says, as `kind name`; `-` where nothing is certain.
fn said(line: &str) -> String {
    let args = args(line);
    let exe = args[0].rsplit('/').next().unwrap();
    match claimed_script(exe, &args) {
        None => "-".to_owned(),
        Some(ClaimedScript { kind, name }) => {
            format!("{} {}", kind.code(), name.as_deref().unwrap_or_default()).trim().to_owned()
        }
    }
}

fn all_say(lines: &[(&str, &str)]) {
    for (line, expected) in lines {
        assert_eq!(said(line), *expected, "{line}");
    }
}

#[test]
fn python_runs_a_script_or_a_module() {
    all_say(&[
        ("python3 -m http.server 3001", "module http.server"),
        ("python3.11 app.py --port 80", "script app.py"),
        ("/usr/bin/python3 -u /srv/shop/manage.py runserver 0.0.0.0:8000", "script /srv/shop/manage.py"),
        ("python3 -X dev -W ignore app.py", "script app.py"),
        ("python3 -Wignore -Xutf8 -B app.py", "script app.py"),
        ("python3 /usr/bin/gunicorn -w 4 shop.wsgi", "script /usr/bin/gunicorn"),
        ("python3 -um uvicorn main:app", "module uvicorn"),
        ("python3 --check-hash-based-pycs always app.py", "script app.py"),
        ("python3 -c 'import secret' token", "code"),
        ("python3 -uc secret token", "code"),
        ("python3 -", "-"),
        ("python3", "-"),
        ("python3 -i", "-"),
        ("pypy3 app.py", "script app.py"),
    ]);
}

#[test]
fn code_behind_letters_that_stand_together_is_code() {
    for line in [
        "perl -le 'print secret'",
        "perl -lne secret",
        "perl -wle secret",
        "perl -Tle secret",
        "perl -w0777ne secret",
        "perl -F: -lane secret",
        "perl -de secret",
        "perl -C7 -le secret",
        "perl -CSDe secret",
        "perl -i -le secret",
        "perl -mstrict -le secret",
        "perl -l012e secret",
        "ruby -0777ne secret",
        "ruby -W0e secret",
        "ruby -T1e secret",
        "fish -C 'set -x PW secret' -c secret",
        "deno run -A 'data:application/typescript,let pw = secret'",
        "perl -Q 'my $pw = \"secret\"; run()'",
        "unknown -x",
    ] {
        assert!(["code", "-"].contains(&&*said(line)), "{line}: {}", said(line));
    }
    all_say(&[
        ("perl -l app.pl", "script app.pl"),
        ("perl -0777 -n app.pl", "script app.pl"),
        ("perl -CSD app.pl", "script app.pl"),
        ("perl -T -w app.pl", "script app.pl"),
        ("ruby -W0 app.rb", "script app.rb"),
        ("fish -C 'set -x PW secret' a.fish", "script a.fish"),
        ("fish -N a.fish", "script a.fish"),
        ("python3 'My App.py'", "script My App.py"),
        ("python3 'my app; rm $x.py'", "code"),
    ]);
}

#[test]
fn node_runs_the_first_word_that_is_no_value() {
    all_say(&[
        ("node server.js", "script server.js"),
        ("/usr/bin/node --require ./x.js app.js", "script app.js"),
        ("node -r dotenv/config app.js", "script app.js"),
        ("node --import=./otel.mjs dist/main.js", "script dist/main.js"),
        ("node --max-old-space-size=4096 --inspect=0.0.0.0:9229 index.js", "script index.js"),
        ("node --inspect index.js", "script index.js"),
        ("node --env-file .env --enable-source-maps app.js", "script app.js"),
        ("node --no-warnings app.js", "script app.js"),
        ("node inspect app.js", "script app.js"),
        ("node -- app.js", "script app.js"),
        ("node -e 'listen(secret)' x.js", "code"),
        ("node --eval=secret", "code"),
        ("node -pe secret", "code"),
        ("node --title shop app.js", "script app.js"),
        ("node --some-new-option secret app.js", "-"),
        ("node --some-new-option=secret app.js", "script app.js"),
        ("node", "-"),
        ("node --test", "-"),
        ("node -r x", "-"),
        ("node18 app.js", "script app.js"),
    ]);
}

#[test]
fn deno_and_bun_run_what_ends_like_a_program() {
    all_say(&[
        ("deno run --allow-net --allow-env=A main.ts", "script main.ts"),
        ("deno run -A -c deno.json main.ts", "script main.ts"),
        ("deno serve --port 8000 main.ts", "script main.ts"),
        (
            "deno run https://u:secret@example.org/x/main.ts?token=secret",
            "script https://example.org/x/main.ts",
        ),
        ("deno eval secret", "code"),
        ("deno task start", "-"),
        ("bun run index.ts", "script index.ts"),
        ("bun --hot server.tsx", "script server.tsx"),
        ("bun --cwd /srv index.ts", "script index.ts"),
        ("bun run start", "-"),
        ("bun -e secret", "code"),
    ]);
}

#[test]
fn java_runs_an_archive_or_a_class() {
    all_say(&[
        ("java -Xmx1g -Dpassword=secret -jar /opt/shop/shop.jar --key secret", "jar /opt/shop/shop.jar"),
        ("java -cp /opt/a.jar:/opt/b.jar -Dsecret=x com.example.Main secret", "class com.example.Main"),
        (
            "java -classpath /x -ea org.apache.catalina.startup.Bootstrap start",
            "class org.apache.catalina.startup.Bootstrap",
        ),
        (
            "java --add-opens java.base/java.lang=ALL-UNNAMED --module-path mods -m shop/shop.Main",
            "module shop/shop.Main",
        ),
        ("java -javaagent:/opt/agent.jar=token=secret -jar app.jar", "jar app.jar"),
        ("java -XX:+UseG1GC -server -jar app.jar", "jar app.jar"),
        ("java Main.java", "script Main.java"),
        ("javaw -jar app.jar", "jar app.jar"),
        ("java @args Main", "-"),
        ("java -unknown secret Main", "-"),
        ("java -jar", "-"),
        ("java", "-"),
    ]);
}

#[test]
fn the_other_languages_are_understood() {
    all_say(&[
        ("ruby bin/rails server -b 0.0.0.0", "script bin/rails"),
        ("ruby3.1 -I lib -rbundler/setup app.rb", "script app.rb"),
        ("ruby -W0 -C /srv app.rb", "script app.rb"),
        ("ruby -ne secret", "code"),
        ("perl -w -I/x -MCarp app.pl", "script app.pl"),
        ("perl -I /x app.pl", "script app.pl"),
        ("perl -i.bak -pe secret", "code"),
        ("php -S 0.0.0.0:8000 -t public router.php", "script router.php"),
        ("php -S 0.0.0.0:8000 -t public", "-"),
        ("php8.2 -d memory_limit=1G artisan serve", "script artisan"),
        ("php -r secret", "code"),
        ("php -f app.php", "script app.php"),
        ("lua5.4 -l socket app.lua", "script app.lua"),
        ("luajit-2.1.0-beta3 -O3 app.lua", "script app.lua"),
        ("tclsh8.6 app.tcl", "script app.tcl"),
        ("Rscript --vanilla app.R secret", "script app.R"),
        ("/usr/lib/R/bin/exec/R --no-echo --no-restore --file=app.R --args secret", "script app.R"),
        ("bash -e -o pipefail run.sh secret", "script run.sh"),
        ("bash -lc 'secret'", "code"),
        ("bash +x --norc run.sh", "script run.sh"),
        ("sh -xec secret", "code"),
        ("bash -s secret", "-"),
        ("-bash", "-"),
        ("zsh /x/run.zsh", "script /x/run.zsh"),
        ("dotnet /srv/Shop.dll --urls http://*:80", "assembly /srv/Shop.dll"),
        ("dotnet exec --depsfile /x.json Shop.dll", "assembly Shop.dll"),
        ("dotnet run --project secret", "-"),
        ("mono --debug Shop.exe", "assembly Shop.exe"),
        ("pwsh -NoProfile -File serve.ps1 -Key secret", "script serve.ps1"),
        ("pwsh -nop serve.ps1", "script serve.ps1"),
        ("pwsh -Command secret", "code"),
        ("powershell.exe -ExecutionPolicy Bypass -file serve.ps1", "script serve.ps1"),
        ("powershell -EncodedCommand c2VjcmV0", "code"),
        ("powershell secret", "code"),
        ("julia --project=. -t 4 serve.jl", "script serve.jl"),
    ]);
}

#[test]
fn what_is_no_interpreter_says_nothing() {
    all_say(&[
        ("nginx app.js", "-"),
        ("python3-config app.py", "-"),
        ("php-fpm8.2 app.php", "-"),
        ("nodemon app.js", "-"),
        ("javascript -jar x.jar", "-"),
    ]);
}

#[test]
fn the_last_part_of_a_path_is_its_short_name() {
    let short = |name: &str| {
        let script = ClaimedScript { kind: ScriptKind::Script, name: Some(name.to_owned()) };
        script.short_name().map(str::to_owned)
    };
    assert_eq!(short("/srv/shop/app.js").as_deref(), Some("app.js"));
    assert_eq!(short(r"C:\srv\app.js").as_deref(), Some("app.js"));
    assert_eq!(short("/srv/shop/").as_deref(), Some("shop"));
    assert_eq!(short("http.server").as_deref(), Some("http.server"));
    assert_eq!(short("/"), None);
    assert_eq!(code().short_name(), None);
}

proptest! {
    /// Nothing but one word of the line is kept, and no long one.
    #[test]
    fn what_any_words_say_is_one_of_them(
        exe in prop::sample::select(vec!["python3", "node", "deno", "java", "ruby", "perl", "php", "bash", "pwsh", "R"]),
        words in prop::collection::vec("[-@+=a-zA-Z0-9./:é ]{0,12}", 0..8),
    ) {
        let args: Vec<String> = [exe.to_owned()].into_iter().chain(words).collect();
        if let Some(ClaimedScript { name: Some(name), .. }) = claimed_script(exe, &args) {
            prop_assert!(name.len() <= LONGEST && !name.starts_with('-'));
            prop_assert!(name.contains("://") || args.iter().any(|arg| arg.ends_with(&name)), "{name} {args:?}");
        }
    }
}
