{{- define "cancel-gateway.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Short enough for the longest suffix, "-management". */}}
{{- define "cancel-gateway.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "cancel-gateway.selectorLabels" -}}
app.kubernetes.io/name: {{ include "cancel-gateway.name" . }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: gateway
{{- end }}

{{- define "cancel-gateway.testLabels" -}}
app.kubernetes.io/name: {{ include "cancel-gateway.name" . }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: test
{{- end }}

{{/* Labels of a resource: the chart's own, then those of "more", then the common ones; who comes first wins. */}}
{{- define "cancel-gateway.labelsWith" -}}
{{- $own := include "cancel-gateway.selectorLabels" .context | fromYaml }}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .context.Chart.Name .context.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") }}
{{- $_ := set $own "app.kubernetes.io/managed-by" .context.Release.Service }}
{{- with include "cancel-gateway.version" .context }}
{{- $_ := set $own "app.kubernetes.io/version" . }}
{{- end }}
{{- merge $own (.more | default dict) (.context.Values.commonLabels | default dict) | toYaml }}
{{- end }}

{{- define "cancel-gateway.labels" -}}
{{- include "cancel-gateway.labelsWith" (dict "context" .) }}
{{- end }}

{{/* The version that runs, as a label may have it. Nothing where a digest alone says what runs. */}}
{{- define "cancel-gateway.version" -}}
{{- if or .Values.image.tag (not .Values.image.digest) }}
{{- $tag := regexReplaceAll "@.*$" (default .Chart.AppVersion .Values.image.tag) "" }}
{{- regexReplaceAll "[^-_.a-zA-Z0-9]" $tag "_" | trunc 63 | trimAll "-_." }}
{{- end }}
{{- end }}

{{/* Without the chart's version: another chart alone restarts no pod. */}}
{{- define "cancel-gateway.podLabels" -}}
{{- $own := include "cancel-gateway.selectorLabels" . | fromYaml }}
{{- merge $own (.Values.podLabels | default dict) (.Values.commonLabels | default dict) | toYaml }}
{{- end }}

{{- define "cancel-gateway.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "cancel-gateway.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "cancel-gateway.globalRegistry" -}}
{{- with .Values.global }}{{ with .imageRegistry }}{{ trimSuffix "/" . }}/{{ end }}{{ end }}
{{- end }}

{{- define "cancel-gateway.image" -}}
{{- $registry := include "cancel-gateway.globalRegistry" . }}
{{- if not $registry }}
{{- with .Values.image.registry }}{{ $registry = print (trimSuffix "/" .) "/" }}{{ end }}
{{- end }}
{{- if .Values.image.digest }}
{{- printf "%s%s@%s" $registry .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s%s:%s" $registry .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{/* Whether an image's name begins with a registry, as Docker tells it: by a dot, a port or localhost. */}}
{{- define "cancel-gateway.hasRegistry" -}}
{{- if regexMatch "^([^/]*[.:][^/]*|localhost)/" . }}true{{ end }}
{{- end }}

{{- define "cancel-gateway.testImage" -}}
{{- if not (include "cancel-gateway.hasRegistry" .Values.tests.image) }}
{{- include "cancel-gateway.globalRegistry" . }}
{{- end }}
{{- .Values.tests.image }}
{{- end }}

{{/* Those of the release and those of all charts, which may be names alone. */}}
{{- define "cancel-gateway.imagePullSecrets" -}}
{{- $secrets := .Values.imagePullSecrets | default list }}
{{- with .Values.global }}
{{- range .imagePullSecrets }}
{{- $secrets = append $secrets (ternary (dict "name" .) . (kindIs "string" .)) }}
{{- end }}
{{- end }}
{{- with $secrets }}
{{- uniq . | toYaml }}
{{- end }}
{{- end }}

{{- define "cancel-gateway.tenantsSecret" -}}
{{- if .Values.tenants.existingSecret }}
{{- .Values.tenants.existingSecret }}
{{- else if .Values.tenants.create }}
{{- include "cancel-gateway.fullname" . }}-tenants
{{- end }}
{{- end }}

{{- define "cancel-gateway.callersSecret" -}}
{{- if .Values.callers.existingSecret }}
{{- .Values.callers.existingSecret }}
{{- else if .Values.callers.create }}
{{- include "cancel-gateway.fullname" . }}-callers
{{- end }}
{{- end }}

{{- define "cancel-gateway.databaseSecret" -}}
{{- if .Values.database.existingSecret }}
{{- .Values.database.existingSecret }}
{{- else if .Values.database.create }}
{{- include "cancel-gateway.fullname" . }}-database
{{- end }}
{{- end }}

{{/* Where the files of a kind (tenants, callers) come from, as a Pod names it. Nothing if there are none. */}}
{{- define "cancel-gateway.filesOf" -}}
{{- $values := index .context.Values .kind }}
{{- if $values.existingVolume }}
{{- toYaml $values.existingVolume }}
{{- else }}
{{- with include (printf "cancel-gateway.%sSecret" .kind) .context }}
secret:
  secretName: {{ . }}
  defaultMode: 0440
{{- end }}
{{- end }}
{{- end }}

{{/* Secrets whose keys are settings: each is mounted as files with the settings' names. A JSON list. */}}
{{- define "cancel-gateway.settingFiles" -}}
{{- $all := list }}
{{- $database := list
  (list .Values.database.urlKey "spring/datasource/url")
  (list .Values.database.hostKey "database/host")
  (list .Values.database.portKey "database/port")
  (list .Values.database.nameKey "database/name")
  (list .Values.database.usernameKey "spring/datasource/username")
  (list .Values.database.passwordKey "spring/datasource/password") }}
{{- $migrations := list
  (list .Values.database.migrations.usernameKey "spring/flyway/user")
  (list .Values.database.migrations.passwordKey "spring/flyway/password") }}
{{- $proxy := list
  (list .Values.gateway.upstream.proxy.usernameKey "gateway/upstream/proxy/username")
  (list .Values.gateway.upstream.proxy.passwordKey "gateway/upstream/proxy/password") }}
{{- range list
  (list "database" (include "cancel-gateway.databaseSecret" .) $database)
  (list "migrations" .Values.database.migrations.existingSecret $migrations)
  (list "proxy" .Values.gateway.upstream.proxy.existingSecret $proxy) }}
{{- if index . 1 }}
{{- $items := list }}
{{- range index . 2 }}
{{- if first . }}
{{- $items = append $items (dict "key" (first .) "path" (last .)) }}
{{- end }}
{{- end }}
{{- $all = append $all (dict "name" (first .) "secret" (index . 1) "items" $items) }}
{{- end }}
{{- end }}
{{- toJson $all }}
{{- end }}

{{/* Whether the ledger is in PostgreSQL: its address is given, or is in a Secret. */}}
{{- define "cancel-gateway.postgresql" -}}
{{- if or .Values.database.url .Values.database.urlKey .Values.database.hostKey }}true{{ end }}
{{- end }}

{{/* The address, where it is not in the Secret as a whole. Spring puts in what the Secret has of it. */}}
{{- define "cancel-gateway.databaseUrl" -}}
{{- if .Values.database.url }}
{{- .Values.database.url }}
{{- else if .Values.database.hostKey }}
{{- printf "jdbc:postgresql://${database.host}:%s/${database.name}" (ternary "${database.port}" "5432" (not (empty .Values.database.portKey))) }}
{{- end }}
{{- end }}

{{/* For a demo: caller → SHA-256 of its token. */}}
{{- define "cancel-gateway.tokenHashes" -}}
{{- range $caller, $token := .Values.callers.create }}
{{ $caller | quote }}: {{ $token | sha256sum | quote }}
{{- end }}
{{- end }}

{{/* What the application reads at start. Keys and hashes are read again while it runs, so they restart no pod. */}}
{{- define "cancel-gateway.podAnnotations" -}}
checksum/config: {{ include "cancel-gateway.config" . | sha256sum | quote }}
{{- with .Values.database.create }}
checksum/database: {{ toJson . | sha256sum | quote }}
{{- end }}
{{- if and .Values.prometheus.scrapeAnnotations (not .Values.serviceMonitor.enabled) }}
prometheus.io/scrape: "true"
prometheus.io/port: "8081"
prometheus.io/path: /actuator/prometheus
{{- end }}
{{- end }}

{{/* The name of the port for callers. A mesh takes it for what is spoken there. */}}
{{- define "cancel-gateway.portName" -}}
{{- ternary "https" "http" (not (empty .Values.tls.existingSecret)) }}
{{- end }}

{{/* What requests and, meanwhile, follow-ups may take at shutdown, in seconds. Requests take the deadline and a little,
follow-ups 18 s more than it: 6 s for their statements, 12 s for the scheduler's own. A caller's wait ends at once. */}}
{{- define "cancel-gateway.shutdownSeconds" -}}
{{- add (int .Values.gateway.deadlineSeconds) 20 }}
{{- end }}

{{- define "cancel-gateway.graceSeconds" -}}
{{- add (int .Values.shutdown.preStopSeconds) (include "cancel-gateway.shutdownSeconds" . | int) (int .Values.shutdown.marginSeconds) }}
{{- end }}

{{/* How pods are replaced: H2's file can be open in one of them only. */}}
{{- define "cancel-gateway.strategy" -}}
{{- if .Values.strategy }}
{{- toYaml .Values.strategy }}
{{- else if include "cancel-gateway.postgresql" . }}
type: RollingUpdate
rollingUpdate:
  maxUnavailable: 0
  maxSurge: 1
{{- else }}
type: Recreate
{{- end }}
{{- end }}

{{/* Where a spread names no pods, these are meant. */}}
{{- define "cancel-gateway.topologySpreadConstraints" -}}
{{- $selector := dict "matchLabels" (include "cancel-gateway.selectorLabels" . | fromYaml) }}
{{- $spreads := list }}
{{- range .Values.topologySpreadConstraints }}
{{- $spreads = append $spreads (ternary . (set (deepCopy .) "labelSelector" $selector) (hasKey . "labelSelector")) }}
{{- end }}
{{- if not $spreads }}
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
{{- $spreads = append $spreads (dict "topologyKey" . "maxSkew" 1 "whenUnsatisfiable" "ScheduleAnyway" "labelSelector" $selector) }}
{{- end }}
{{- end }}
{{- toYaml $spreads }}
{{- end }}

{{/* The ports of the database, as a JSON list: those of a PostgreSQL address with one host or several, unless they are
given. */}}
{{- define "cancel-gateway.databasePorts" -}}
{{- $ports := list }}
{{- range .Values.networkPolicy.databasePorts }}
{{- $ports = append $ports (int .) }}
{{- end }}
{{- if not $ports }}
{{- range splitList "," (regexReplaceAll "^jdbc:postgresql:(//)?([^/?]*).*$" (.Values.database.url | default "") "${2}") }}
{{- $ports = append $ports (regexFind ":[0-9]+$" . | trimPrefix ":" | default "5432" | int) }}
{{- end }}
{{- end }}
{{- $ports | uniq | toJson }}
{{- end }}

{{/* The port of an address: the one in it, or that of its scheme. */}}
{{- define "cancel-gateway.portOf" -}}
{{- $port := regexFind "^([a-zA-Z]+://)?([^/?#@]*@)?(\\[[^]]*\\]|[^/?#:]*):[0-9]+" .address | regexFind "[0-9]+$" }}
{{- if $port }}
{{- $port }}
{{- else if hasPrefix "https:" (lower .address) }}443
{{- else }}80
{{- end }}
{{- end }}

{{/* The ports beyond 443 by which the upstream is reached, as a JSON list: its own, or that of a proxy. */}}
{{- define "cancel-gateway.upstreamPorts" -}}
{{- $settings := include "cancel-gateway.settings" . | fromJson }}
{{- $upstream := default (default "https://api.twelvelabs.io/v1.3" .Values.gateway.upstream.baseUrl) (get $settings.values "gatewayupstreambaseurl") }}
{{- $ports := list (include "cancel-gateway.portOf" (dict "address" $upstream) | int) }}
{{- if or .Values.gateway.upstream.proxy.host (get $settings.values "gatewayupstreamproxyhost") }}
{{- $ports = append $ports (default .Values.gateway.upstream.proxy.port (get $settings.values "gatewayupstreamproxyport") | int) }}
{{- else }}
{{- with get $settings.values (printf "%sproxy" (ternary "https" "http" (hasPrefix "https:" (lower $upstream)))) }}
{{- $ports = append $ports (include "cancel-gateway.portOf" (dict "address" .) | int) }}
{{- end }}
{{- end }}
{{- without (uniq $ports) 443 0 | toJson }}
{{- end }}

{{/* How many connections the pods may have to PostgreSQL together, a rollout's included. */}}
{{- define "cancel-gateway.connections" -}}
{{- $settings := include "cancel-gateway.settings" . | fromJson }}
{{- $pool := default 20 (get $settings.values "springdatasourcehikarimaximumpoolsize") | int }}
{{- mul $pool (include "cancel-gateway.mostPods" . | int) }}
{{- end }}

{{- define "cancel-gateway.mostPods" -}}
{{- $pods := ternary .Values.autoscaling.maxReplicas .Values.replicaCount .Values.autoscaling.enabled | int }}
{{- $strategy := include "cancel-gateway.strategy" . | fromYaml }}
{{- $surge := 0 }}
{{- if ne $strategy.type "Recreate" }}
{{- $surge = dig "rollingUpdate" "maxSurge" "25%" $strategy }}
{{- if kindIs "string" $surge }}
{{- $surge = divf (mulf $pods (trimSuffix "%" $surge | float64)) 100 | ceil }}
{{- end }}
{{- end }}
{{- ternary 0 (add $pods (int $surge)) (eq $pods 0) }}
{{- end }}

{{/* A quantity of CPU in thousandths. */}}
{{- define "cancel-gateway.millicores" -}}
{{- $text := toString . }}
{{- if hasSuffix "m" $text }}{{ trimSuffix "m" $text | int }}{{ else }}{{ mulf (float64 $text) 1000 | int }}{{ end }}
{{- end }}

{{/* The gateway's CPU request in thousandths. Kubernetes takes the limit for a request that is missing. */}}
{{- define "cancel-gateway.cpuRequest" -}}
{{- $resources := .Values.resources | default dict }}
{{- $cpu := default (dig "limits" "cpu" "" $resources) (dig "requests" "cpu" "" $resources) }}
{{- if $cpu }}{{ include "cancel-gateway.millicores" $cpu }}{{ end }}
{{- end }}

{{/* The application.yaml that pods read: the chart's settings and those of .Values.config. */}}
{{- define "cancel-gateway.config" -}}
{{- $callers := dict }}
{{- range $name, $access := .Values.callers.access }}
{{- $_ := set $callers $name $access }}
{{- end }}
{{- $upstream := dict "deadline" (printf "%ds" (int .Values.gateway.deadlineSeconds)) }}
{{- with .Values.gateway.upstream.baseUrl }}
{{- $_ := set $upstream "base-url" . }}
{{- end }}
{{- with .Values.gateway.upstream.proxy }}
{{- if .host }}
{{- $proxy := dict "host" .host "port" (int .port) }}
{{- with .nonProxyHosts }}
{{- $_ := set $proxy "non-proxy-hosts" . }}
{{- end }}
{{- $_ := set $upstream "proxy" $proxy }}
{{- end }}
{{- end }}
{{- $bundles := dict }}
{{- if or .Values.caBundle.existingConfigMap .Values.caBundle.existingSecret }}
{{- $_ := set $upstream "ssl-bundle" "upstream" }}
{{- $_ := set $bundles "upstream" (dict "truststore" (dict "certificate" "/etc/cancel-gateway/ca/ca.crt")) }}
{{- end }}
{{- if .Values.tls.existingSecret }}
{{- $keystore := dict "certificate" "/etc/cancel-gateway/tls/tls.crt" "private-key" "/etc/cancel-gateway/tls/tls.key" }}
{{- $_ := set $bundles "server" (dict "reload-on-update" true "keystore" $keystore) }}
{{- end }}
{{- $gateway := dict "upstream" $upstream "wait" (dict "max" (printf "%ds" (int .Values.gateway.waitMaxSeconds))) }}
{{- if $callers }}
{{- $_ := set $gateway "callers" $callers }}
{{- end }}
{{- $spring := dict "lifecycle" (dict "timeout-per-shutdown-phase" (printf "%ss" (include "cancel-gateway.shutdownSeconds" .))) }}
{{- if $bundles }}
{{- $_ := set $spring "ssl" (dict "bundle" (dict "pem" $bundles)) }}
{{- end }}
{{- $own := dict "gateway" $gateway "spring" $spring }}
{{- if .Values.tls.existingSecret }}
{{- $_ := set $own "server" (dict "ssl" (dict "bundle" "server")) }}
{{- end }}
{{- mustMergeOverwrite $own (deepCopy (.Values.config | default dict)) | toYaml }}
{{- end }}

{{/* The job that a ServiceMonitor's targets get: what the label says that it names, else the Service's name. */}}
{{- define "cancel-gateway.job" -}}
{{- $service := printf "%s-management" (include "cancel-gateway.fullname" .) }}
{{- if .Values.serviceMonitor.jobLabel }}
{{- $labels := include "cancel-gateway.managementLabels" . | fromYaml }}
{{- get $labels .Values.serviceMonitor.jobLabel | default $service }}
{{- else }}
{{- $service }}
{{- end }}
{{- end }}

{{- define "cancel-gateway.managementLabels" -}}
{{- include "cancel-gateway.labelsWith" (dict "context" . "more" (dict "cancel-gateway/port" "management")) }}
{{- end }}

{{/* What the rest of the chart depends on, said once more where variables come from elsewhere: a container's own
variables win over those. */}}
{{- define "cancel-gateway.fixedEnv" -}}
{{- $fixed := dict
  "SERVER_PORT" "8080"
  "SERVER_SHUTDOWN" "graceful"
  "MANAGEMENT_SERVER_PORT" "8081"
  "MANAGEMENT_ENDPOINTS_WEB_BASEPATH" "/actuator"
  "MANAGEMENT_ENDPOINT_HEALTH_PROBES_ENABLED" "true"
  "GATEWAY_UPSTREAM_DEADLINE" (printf "%ds" (int .Values.gateway.deadlineSeconds))
  "GATEWAY_WAIT_MAX" (printf "%ds" (int .Values.gateway.waitMaxSeconds))
  "SPRING_LIFECYCLE_TIMEOUTPERSHUTDOWNPHASE" (printf "%ss" (include "cancel-gateway.shutdownSeconds" .)) }}
{{- range $name, $value := $fixed }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}
